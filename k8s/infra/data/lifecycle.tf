# An artifact that was overwritten or deleted by mistake can be had back for a month.
resource "aws_s3_bucket_versioning" "artifacts" {
  bucket = aws_s3_bucket.store["artifacts"].id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "artifacts" {
  bucket = aws_s3_bucket.store["artifacts"].id

  rule {
    id     = "old-versions"
    status = "Enabled"
    filter {}
    noncurrent_version_expiration {
      noncurrent_days = 30
    }
    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }

  depends_on = [aws_s3_bucket_versioning.artifacts]
}

resource "aws_s3_bucket_lifecycle_configuration" "images" {
  bucket = aws_s3_bucket.store["images"].id

  rule {
    id     = "old-pictures"
    status = "Enabled"
    filter {}
    expiration {
      days = var.image_days
    }
    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
  }
}
