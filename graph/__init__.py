"""What a graph is: packets, ports, the node contract, parameters, presets and their validation."""
