variable "region" {
  description = "Region of the registries, the buckets and the cluster, such as us-west-2; inf2 is not in all of them."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region must be the name of an AWS region, such as us-west-2."
  }
}

variable "bucket_prefix" {
  description = "First part of the buckets' names, which are unique in all of AWS: <prefix>-artifacts, <prefix>-images."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{2,51}[a-z0-9]$", var.bucket_prefix)) # 63 less "-artifacts"
    error_message = "bucket_prefix must be 4 to 53 lower-case letters, digits and hyphens, with no hyphen at either end."
  }
}

variable "image_days" {
  description = "Days after which a stored picture is deleted."
  type        = number
  default     = 30

  validation {
    condition     = var.image_days >= 1 && var.image_days == floor(var.image_days)
    error_message = "image_days must be a whole number of at least 1."
  }
}

variable "force_destroy" {
  description = "Whether `terraform destroy` may delete buckets and registries that are not empty."
  type        = bool
  default     = false
}
