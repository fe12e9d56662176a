# Where Karpenter itself and the system's pods run; all other nodes are Karpenter's. Two, since Karpenter puts its two
# pods on different nodes; of this size, since no Ray pod fits beside them.
resource "aws_eks_node_group" "system" {
  cluster_name    = aws_eks_cluster.main.name
  node_group_name = "system"
  node_role_arn   = aws_iam_role.system_node.arn
  subnet_ids      = [for subnet in aws_subnet.private : subnet.id]
  ami_type        = "AL2023_x86_64_STANDARD"
  instance_types  = ["m7i.large"]

  scaling_config {
    min_size     = 2
    desired_size = 2
    max_size     = 3
  }

  update_config {
    max_unavailable = 1
  }

  launch_template {
    id      = aws_launch_template.system.id
    version = aws_launch_template.system.latest_version
  }

  depends_on = [aws_iam_role_policy_attachment.system_node, aws_eks_addon.network] # no node is ready without a network
}

resource "aws_launch_template" "system" {
  name = "${var.cluster_name}-system"

  metadata_options { # IMDSv2, and one hop: pods get their own role or none
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  block_device_mappings {
    device_name = "/dev/xvda"
    ebs {
      volume_size = 40
      volume_type = "gp3"
      encrypted   = true
    }
  }
}

locals {
  # No CNI policy: the network's pods have a role of their own.
  node_policies = ["AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly"]
}

resource "aws_iam_role" "system_node" {
  name               = "${var.cluster_name}-system-node"
  assume_role_policy = local.trust["ec2.amazonaws.com"]
}

resource "aws_iam_role_policy_attachment" "system_node" {
  for_each = toset(local.node_policies)

  role       = aws_iam_role.system_node.name
  policy_arn = "${local.aws_policies}/${each.key}"
}
