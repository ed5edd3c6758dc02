"""The omnibus test of full dual-polarised covariance matrices."""
