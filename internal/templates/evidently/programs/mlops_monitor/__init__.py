"""What watches the data of an endpoint: a collector of requests, and a job that compares them."""
