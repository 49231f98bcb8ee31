"""What keeps surfaces at the ledger's head: runner, helper process, locks, alarms, maintenance."""
