mock_provider "aws" {
  source = "./tests"
}

variables {
  region             = "us-west-2"
  availability_zones = ["us-west-2a", "us-west-2b"]
  admins             = ["arn:aws:iam::000000000000:role/admin"]
  artifacts_bucket   = "example-imagine-artifacts"
  images_bucket      = "example-imagine-images"
}

run "one_zone_is_too_few" {
  command = plan
  variables {
    availability_zones = ["us-west-2a"]
  }
  expect_failures = [var.availability_zones]
}

run "a_zone_twice" {
  command = plan
  variables {
    availability_zones = ["us-west-2a", "us-west-2b", "us-west-2b"]
  }
  expect_failures = [var.availability_zones]
}

run "a_zone_of_another_region" {
  command = plan
  variables {
    availability_zones = ["us-west-2a", "us-east-1a"]
  }
  expect_failures = [var.availability_zones]
}

run "an_old_kubernetes" {
  command = plan
  variables {
    kubernetes_version = "1.32"
  }
  expect_failures = [var.kubernetes_version]
}

run "the_whole_internet" {
  command = plan
  variables {
    api_cidrs = ["0.0.0.0/0"]
  }
  expect_failures = [var.api_cidrs]
}

run "nobody_to_administer" {
  command = plan
  variables {
    admins = []
  }
  expect_failures = [var.admins]
}

run "a_network_that_is_too_small" {
  command = plan
  variables {
    vpc_cidr = "10.0.0.0/24"
  }
  expect_failures = [var.vpc_cidr]
}

run "a_name_that_makes_the_role_too_long" {
  command = plan
  variables {
    cluster_name = "imagine-imagine-imagine-imagine-imagine"
  }
  expect_failures = [var.cluster_name]
}
