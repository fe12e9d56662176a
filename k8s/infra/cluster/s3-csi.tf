# The driver that mounts the artifacts bucket. By IRSA, the way its own manual shows; read-only, as the volume is.
locals {
  artifacts = "arn:${local.partition}:s3:::${var.artifacts_bucket}"
  images    = "arn:${local.partition}:s3:::${var.images_bucket}"
  issuer    = trimprefix(aws_iam_openid_connect_provider.cluster.url, "https://")
}

resource "aws_iam_openid_connect_provider" "cluster" {
  url            = aws_eks_cluster.main.identity[0].oidc[0].issuer
  client_id_list = ["sts.amazonaws.com"]
}

resource "aws_iam_role" "s3_csi" {
  name = "${var.cluster_name}-s3-csi"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Federated = aws_iam_openid_connect_provider.cluster.arn }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = {
        StringEquals = {
          "${local.issuer}:aud" = "sts.amazonaws.com"
          "${local.issuer}:sub" = "system:serviceaccount:kube-system:s3-csi-driver-sa"
        }
      }
    }]
  })
}

resource "aws_iam_role_policy" "s3_csi" {
  name = "read-artifacts"
  role = aws_iam_role.s3_csi.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = "s3:ListBucket", Resource = local.artifacts },
      { Effect = "Allow", Action = "s3:GetObject", Resource = "${local.artifacts}/*" },
    ]
  })
}
