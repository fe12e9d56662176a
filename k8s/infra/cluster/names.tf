data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  account      = data.aws_caller_identity.current.account_id
  partition    = data.aws_partition.current.partition
  aws_policies = "arn:${local.partition}:iam::aws:policy"

  # Who may take a role: an AWS service. Pod Identity also writes tags on the session.
  trust = {
    for service in ["eks.amazonaws.com", "ec2.amazonaws.com", "pods.eks.amazonaws.com"] : service => jsonencode({
      Version = "2012-10-17"
      Statement = [{
        Effect    = "Allow"
        Principal = { Service = service }
        Action    = startswith(service, "pods.") ? ["sts:AssumeRole", "sts:TagSession"] : ["sts:AssumeRole"]
      }]
    })
  }
}
