CREATE OR REPLACE FUNCTION store.result_tables() RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog
AS $$
    SELECT ARRAY[
        'open_item', 'account_balance', 'account_status', 'decision_reason', 'account_flag', 'sanction_cap',
        'early_warning', 'task', 'task_end', 'account_change', 'target_gap', 'handover', 'terms_advice',
        'promise_status', 'aging_summary', 'company', 'rep', 'account', 'month_balance', 'tie_out', 'metric',
        'roll_rate', 'loss_rate', 'provision', 'provision_movement', 'write_off_candidate', 'cash_forecast',
        'root_cause', 'rep_performance', 'data_quality', 'quarantine'
    ]
$$;
