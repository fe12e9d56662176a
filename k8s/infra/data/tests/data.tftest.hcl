mock_provider "aws" {
  mock_resource "aws_s3_bucket" {
    defaults = { arn = "arn:aws:s3:::mock" }
  }
}

variables {
  region        = "us-west-2"
  bucket_prefix = "example-imagine"
}

run "everything_is_private_and_kept" {
  assert {
    condition     = alltrue([for bucket in aws_s3_bucket.store : !bucket.force_destroy])
    error_message = "a bucket would be destroyed with what is in it"
  }
  assert {
    condition = alltrue([for block in aws_s3_bucket_public_access_block.store : alltrue([
      block.block_public_acls, block.block_public_policy, block.ignore_public_acls, block.restrict_public_buckets,
    ])]) && length(aws_s3_bucket_public_access_block.store) == 2
    error_message = "a bucket can be made public"
  }
  assert {
    condition     = alltrue([for repository in aws_ecr_repository.image : repository.image_tag_mutability == "IMMUTABLE"])
    error_message = "a tag can be overwritten"
  }
  assert {
    condition = alltrue([for policy in aws_s3_bucket_policy.store : anytrue([
      for s in jsondecode(policy.policy).Statement :
      s.Effect == "Deny" && s.Condition.Bool["aws:SecureTransport"] == "false" && length(s.Resource) == 2
    ])])
    error_message = "a bucket answers without TLS"
  }
}

run "names_are_what_the_manifests_expect" {
  command = plan

  assert {
    condition     = toset(keys(aws_ecr_repository.image)) == toset(["imagine-server", "imagine-neuron", "imagine-compile", "imagine-ui"])
    error_message = "the registries are not those of docker/"
  }
  assert {
    condition = { for key, bucket in aws_s3_bucket.store : key => bucket.bucket } == {
      artifacts = "example-imagine-artifacts"
      images    = "example-imagine-images"
    }
    error_message = "the buckets are not named by the prefix"
  }
}

run "a_prefix_that_s3_refuses" {
  command = plan
  variables {
    bucket_prefix = "Example_Imagine"
  }
  expect_failures = [var.bucket_prefix]
}

run "a_prefix_that_is_too_long" {
  command = plan
  variables {
    bucket_prefix = "a123456789b123456789c123456789d123456789e123456789f123"
  }
  expect_failures = [var.bucket_prefix]
}

run "an_unknown_form_of_region" {
  command = plan
  variables {
    region = "Oregon"
  }
  expect_failures = [var.region]
}

run "no_days" {
  command = plan
  variables {
    image_days = 0
  }
  expect_failures = [var.image_days]
}
