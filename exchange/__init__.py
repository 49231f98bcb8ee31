"""The write side: intake, truth, policy, trust, peers."""
