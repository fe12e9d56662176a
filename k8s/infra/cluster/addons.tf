locals {
  network_addons = {
    eks-pod-identity-agent = {}
    kube-proxy             = {}
    vpc-cni                = { enableNetworkPolicy = "true" } # else the NetworkPolicies of k8s/base do nothing
  }
  other_addons = {
    coredns                      = {}
    aws-ebs-csi-driver           = { defaultStorageClass = { enabled = true } } # Redis's volume names no class
    aws-mountpoint-s3-csi-driver = { node = { tolerateAllTaints = true } }      # inf2 nodes have a taint
  }
}

# Before the nodes, which are not ready without them.
resource "aws_eks_addon" "network" {
  for_each = local.network_addons

  cluster_name                = aws_eks_cluster.main.name
  addon_name                  = each.key
  configuration_values        = jsonencode(each.value)
  resolve_conflicts_on_update = "OVERWRITE"

  depends_on = [aws_eks_pod_identity_association.pod, aws_iam_role_policy_attachment.pod]
}

# After the nodes, on which they run.
resource "aws_eks_addon" "other" {
  for_each = local.other_addons

  cluster_name                = aws_eks_cluster.main.name
  addon_name                  = each.key
  configuration_values        = jsonencode(each.value)
  service_account_role_arn    = each.key == "aws-mountpoint-s3-csi-driver" ? aws_iam_role.s3_csi.arn : null
  resolve_conflicts_on_update = "OVERWRITE"

  depends_on = [aws_eks_node_group.system]
}
