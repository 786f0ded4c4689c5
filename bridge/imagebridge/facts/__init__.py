"""What ages, each fact once, dated and with its source: models, endpoints, hosts, limits."""
