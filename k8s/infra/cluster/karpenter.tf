# What Karpenter may do, in three policies: nodes, instance profiles, and what it only reads. It may start instances only
# with its own tags, and change or end only what has them.
locals {
  ec2        = "arn:${local.partition}:ec2:${var.region}"
  owner_tag  = "kubernetes.io/cluster/${var.cluster_name}"
  profiles   = "arn:${local.partition}:iam::${local.account}:instance-profile/*"
  owned      = { "aws:ResourceTag/${local.owner_tag}" = "owned" }
  owned_new  = { "aws:RequestTag/${local.owner_tag}" = "owned", "aws:RequestTag/eks:eks-cluster-name" = var.cluster_name }
  in_pool    = { "aws:ResourceTag/karpenter.sh/nodepool" = "*" }
  in_pool_to = { "aws:RequestTag/karpenter.sh/nodepool" = "*" }
  new_things = [for kind in ["fleet", "instance", "volume", "network-interface", "launch-template", "spot-instances-request"] : "${local.ec2}:*:${kind}/*"]
}

resource "aws_iam_role_policy" "karpenter" {
  for_each = {
    nodes    = local.karpenter_nodes
    profiles = local.karpenter_profiles
    reads    = local.karpenter_reads
  }

  name   = each.key
  role   = aws_iam_role.pod["karpenter"].name
  policy = jsonencode({ Version = "2012-10-17", Statement = each.value })
}
