# Start, tag and end instances.
locals {
  karpenter_nodes = [
    { # what an instance is made of, nobody's in particular
      Effect = "Allow"
      Action = ["ec2:RunInstances", "ec2:CreateFleet"]
      Resource = concat(
        ["${local.ec2}::image/*", "${local.ec2}::snapshot/*"],
        [for kind in ["security-group", "subnet", "capacity-reservation"] : "${local.ec2}:*:${kind}/*"],
      )
    },
    {
      Effect    = "Allow"
      Action    = ["ec2:RunInstances", "ec2:CreateFleet"]
      Resource  = "${local.ec2}:*:launch-template/*"
      Condition = { StringEquals = local.owned, StringLike = local.in_pool }
    },
    {
      Effect    = "Allow"
      Action    = ["ec2:RunInstances", "ec2:CreateFleet", "ec2:CreateLaunchTemplate"]
      Resource  = local.new_things
      Condition = { StringEquals = local.owned_new, StringLike = local.in_pool_to }
    },
    { # tags, while the thing is being made
      Effect   = "Allow"
      Action   = "ec2:CreateTags"
      Resource = local.new_things
      Condition = {
        StringEquals = merge(local.owned_new, { "ec2:CreateAction" = ["RunInstances", "CreateFleet", "CreateLaunchTemplate"] })
        StringLike   = local.in_pool_to
      }
    },
    { # three tags, later
      Effect   = "Allow"
      Action   = "ec2:CreateTags"
      Resource = "${local.ec2}:*:instance/*"
      Condition = {
        StringEquals                = local.owned
        StringLike                  = local.in_pool
        StringEqualsIfExists        = { "aws:RequestTag/eks:eks-cluster-name" = var.cluster_name }
        "ForAllValues:StringEquals" = { "aws:TagKeys" = ["eks:eks-cluster-name", "karpenter.sh/nodeclaim", "Name"] }
      }
    },
    {
      Effect    = "Allow"
      Action    = ["ec2:TerminateInstances", "ec2:DeleteLaunchTemplate"]
      Resource  = ["${local.ec2}:*:instance/*", "${local.ec2}:*:launch-template/*"]
      Condition = { StringEquals = local.owned, StringLike = local.in_pool }
    },
    {
      Effect    = "Allow"
      Action    = "iam:PassRole"
      Resource  = aws_iam_role.karpenter_node.arn
      Condition = { StringEquals = { "iam:PassedToService" = "ec2.amazonaws.com" } }
    },
  ]
}
