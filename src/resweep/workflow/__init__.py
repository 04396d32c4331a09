"""What the Snakemake workflow computes: configuration, digests of code, provenance, scripts."""
