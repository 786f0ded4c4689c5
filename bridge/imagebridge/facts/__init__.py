"""Facts that age, each in one place, dated and with its source: models, endpoints, hosts, limits."""
