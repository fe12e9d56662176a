locals {
  zones = { for i, zone in var.availability_zones : zone => i }
  nats  = var.nat_per_zone ? local.zones : { (var.availability_zones[0]) = 0 }
}

resource "aws_vpc" "main" {
  cidr_block           = var.vpc_cidr
  enable_dns_hostnames = true # EKS and VPC endpoints need names

  tags = { Name = var.cluster_name }
}

# Nothing uses it, and nothing can by accident: it has no rules.
resource "aws_default_security_group" "closed" {
  vpc_id = aws_vpc.main.id
}

# Nodes and pods: an eighth of the VPC for each zone.
resource "aws_subnet" "private" {
  for_each = local.zones

  vpc_id            = aws_vpc.main.id
  availability_zone = each.key
  cidr_block        = cidrsubnet(var.vpc_cidr, 3, each.value)

  tags = {
    Name                              = "${var.cluster_name}-private-${each.key}"
    "karpenter.sh/discovery"          = var.cluster_name # k8s/karpenter/node-classes.yaml looks for it
    "kubernetes.io/role/internal-elb" = "1"
  }
}

# Load balancers and NAT gateways: from the upper half.
resource "aws_subnet" "public" {
  for_each = local.zones

  vpc_id            = aws_vpc.main.id
  availability_zone = each.key
  cidr_block        = cidrsubnet(var.vpc_cidr, 8, 128 + each.value)

  tags = {
    Name                     = "${var.cluster_name}-public-${each.key}"
    "kubernetes.io/role/elb" = "1"
  }
}
