# The role that k8s/karpenter/node-classes.yaml gives to its nodes.
resource "aws_iam_role" "karpenter_node" {
  name               = "KarpenterNodeRole-${var.cluster_name}"
  assume_role_policy = local.trust["ec2.amazonaws.com"]
}

resource "aws_iam_role_policy_attachment" "karpenter_node" {
  for_each = toset(local.node_policies)

  role       = aws_iam_role.karpenter_node.name
  policy_arn = "${local.aws_policies}/${each.key}"
}
