locals {
  karpenter_reads = [
    {
      Effect = "Allow"
      Action = [for what in [
        "CapacityReservations", "Images", "InstanceStatus", "InstanceTypeOfferings", "InstanceTypes", "Instances",
        "LaunchTemplates", "PlacementGroups", "SecurityGroups", "SpotPriceHistory", "Subnets",
      ] : "ec2:Describe${what}"]
      Resource  = "*"
      Condition = { StringEquals = { "aws:RequestedRegion" = var.region } }
    },
    { Effect = "Allow", Action = "ssm:GetParameter", Resource = "arn:${local.partition}:ssm:${var.region}::parameter/aws/service/*" },
    { Effect = "Allow", Action = "pricing:GetProducts", Resource = "*" },
    { Effect = "Allow", Action = "eks:DescribeCluster", Resource = aws_eks_cluster.main.arn },
    {
      Effect   = "Allow"
      Action   = ["sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage"]
      Resource = aws_sqs_queue.interruption.arn
    },
  ]
}
