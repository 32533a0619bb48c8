DROP FUNCTION store.record_stopped(jsonb, bigint);
DROP FUNCTION store.show_run(date, text, bigint);
DROP FUNCTION store.attach_run(jsonb, bigint);
DROP FUNCTION store.insert_run(jsonb);
DROP FUNCTION store.seal_partition(text, date, bigint, bigint);
DROP FUNCTION store.new_partitions(date, text, bigint);
DROP FUNCTION store.partition_name(text, date, bigint);
DROP FUNCTION store.check_token(date, bigint);
DROP FUNCTION store.result_tables();
DROP TABLE
store.open_item, store.account_balance, store.account_status, store.decision_reason, store.account_flag, store.task,
store.promise_status, store.aging_summary, store.data_quality, store.quarantine, store.run, store.published,
store.run_company, store.supply_hold, store.run_step, store.message;
