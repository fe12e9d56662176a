variable "region" {
  description = "Region of the cluster, such as us-west-2."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region must be the name of an AWS region, such as us-west-2."
  }
}

variable "cluster_name" {
  description = "Name of the cluster, of Karpenter's discovery tag and queue. k8s/karpenter says imagine."
  type        = string
  default     = "imagine"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,36}$", var.cluster_name)) # KarpenterNodeRole-<name> has at most 64
    error_message = "cluster_name must be at most 37 lower-case letters, digits and hyphens, and begin with a letter."
  }
}

variable "kubernetes_version" {
  description = "Version of the cluster; once a minor version leaves standard support, EKS raises it by itself."
  type        = string
  default     = "1.35"

  validation {
    condition     = can(regex("^1\\.(3[3-9]|[4-9][0-9])$", var.kubernetes_version))
    error_message = "kubernetes_version must be 1.33 or later: the manifests are checked against 1.33."
  }
}

variable "availability_zones" {
  description = "Zones of the subnets: at least two, and one of them with inf2."
  type        = list(string)

  validation {
    condition = (
      contains([2, 3, 4], length(var.availability_zones))
      && length(distinct(var.availability_zones)) == length(var.availability_zones)
    )
    error_message = "availability_zones must be two to four different zones: EKS wants two, and the address plan has room for four."
  }
  validation {
    condition     = alltrue([for zone in var.availability_zones : startswith(zone, var.region)])
    error_message = "availability_zones must be zones of the region."
  }
}

variable "vpc_cidr" {
  description = "Addresses of the VPC. Every pod takes one."
  type        = string
  default     = "10.0.0.0/16"

  validation {
    condition     = can(cidrhost(var.vpc_cidr, 0)) && can(regex("/(1[6-9]|20)$", var.vpc_cidr))
    error_message = "vpc_cidr must be a range of IPv4 addresses, /16 to /20."
  }
}

variable "api_cidrs" {
  description = "Networks outside the VPC that reach the cluster's API. Empty: the VPC alone."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for cidr in var.api_cidrs : can(cidrhost(cidr, 0)) && !endswith(cidr, "/0")])
    error_message = "api_cidrs must be ranges of addresses, and not the whole internet."
  }
}

variable "admins" {
  description = "ARNs of the IAM roles or users that administer the cluster; nobody else has access, its creator neither."
  type        = list(string)

  validation {
    condition     = length(var.admins) > 0 && alltrue([for arn in var.admins : can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:(role|user)/", arn))])
    error_message = "admins must be the ARNs of at least one IAM role or user."
  }
}

variable "nat_per_zone" {
  description = "A NAT gateway in each zone: one zone's failure then leaves the others their way out. Else one for all."
  type        = bool
  default     = false
}

variable "artifacts_bucket" {
  description = "Bucket of checkpoints and compiled models: an output of ../data."
  type        = string
}

variable "images_bucket" {
  description = "Bucket of pictures: an output of ../data."
  type        = string
}
