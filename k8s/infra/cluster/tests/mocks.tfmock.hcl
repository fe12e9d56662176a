mock_data "aws_partition" {
  defaults = { partition = "aws" }
}

mock_data "aws_caller_identity" {
  defaults = { account_id = "000000000000" }
}

mock_resource "aws_iam_role" {
  defaults = { arn = "arn:aws:iam::000000000000:role/mock" }
}

mock_resource "aws_iam_openid_connect_provider" {
  defaults = { arn = "arn:aws:iam::000000000000:oidc-provider/mock" }
}

mock_resource "aws_sqs_queue" {
  defaults = { arn = "arn:aws:sqs:us-west-2:000000000000:mock" }
}

mock_resource "aws_launch_template" {
  defaults = { id = "lt-00000000000000000" }
}

mock_resource "aws_eks_cluster" {
  defaults = {
    arn      = "arn:aws:eks:us-west-2:000000000000:cluster/mock"
    identity = [{ oidc = [{ issuer = "https://oidc.example/id/mock" }] }]
  }
}
