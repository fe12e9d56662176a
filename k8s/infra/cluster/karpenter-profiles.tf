# Karpenter makes an instance profile for each EC2NodeClass, in this region.
locals {
  here           = { "aws:ResourceTag/topology.kubernetes.io/region" = var.region }
  here_new       = { "aws:RequestTag/topology.kubernetes.io/region" = var.region }
  node_class     = { "aws:ResourceTag/karpenter.k8s.aws/ec2nodeclass" = "*" }
  node_class_new = { "aws:RequestTag/karpenter.k8s.aws/ec2nodeclass" = "*" }
  karpenter_profiles = [
    {
      Effect    = "Allow"
      Action    = "iam:CreateInstanceProfile"
      Resource  = local.profiles
      Condition = { StringEquals = merge(local.owned_new, local.here_new), StringLike = local.node_class_new }
    },
    {
      Effect   = "Allow"
      Action   = "iam:TagInstanceProfile"
      Resource = local.profiles
      Condition = {
        StringEquals = merge(local.owned, local.here, local.owned_new, local.here_new)
        StringLike   = merge(local.node_class, local.node_class_new)
      }
    },
    {
      Effect    = "Allow"
      Action    = ["iam:AddRoleToInstanceProfile", "iam:RemoveRoleFromInstanceProfile", "iam:DeleteInstanceProfile"]
      Resource  = local.profiles
      Condition = { StringEquals = merge(local.owned, local.here), StringLike = local.node_class }
    },
    { Effect = "Allow", Action = "iam:GetInstanceProfile", Resource = local.profiles },
    { Effect = "Allow", Action = "iam:ListInstanceProfiles", Resource = "*" },
  ]
}
