# Pods with a role, by EKS Pod Identity: nothing is written in the manifests.
locals {
  pods = {
    imagine   = { namespace = "imagine", service_account = "imagine" } # k8s/base
    karpenter = { namespace = "kube-system", service_account = "karpenter" }
    vpc-cni   = { namespace = "kube-system", service_account = "aws-node" }
    ebs-csi   = { namespace = "kube-system", service_account = "ebs-csi-controller-sa" }
  }
}

resource "aws_iam_role" "pod" {
  for_each = local.pods

  name               = "${var.cluster_name}-${each.key}-pod"
  assume_role_policy = local.trust["pods.eks.amazonaws.com"]
}

resource "aws_eks_pod_identity_association" "pod" {
  for_each = local.pods

  cluster_name    = aws_eks_cluster.main.name
  namespace       = each.value.namespace
  service_account = each.value.service_account
  role_arn        = aws_iam_role.pod[each.key].arn
}

resource "aws_iam_role_policy_attachment" "pod" {
  for_each = {
    vpc-cni = "AmazonEKS_CNI_Policy"
    ebs-csi = "service-role/AmazonEBSCSIDriverPolicy"
  }

  role       = aws_iam_role.pod[each.key].name
  policy_arn = "${local.aws_policies}/${each.value}"
}

# The service reads models, and keeps pictures.
resource "aws_iam_role_policy" "imagine" {
  name = "buckets"
  role = aws_iam_role.pod["imagine"].name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = "s3:ListBucket", Resource = local.artifacts },
      { Effect = "Allow", Action = "s3:GetObject", Resource = ["${local.artifacts}/*", "${local.images}/*"] },
      { Effect = "Allow", Action = "s3:PutObject", Resource = "${local.images}/*" },
    ]
  })
}
