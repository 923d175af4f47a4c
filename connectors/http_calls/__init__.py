"""One HTTP call that ends on time and leads nowhere else, and the signatures gateways want."""
