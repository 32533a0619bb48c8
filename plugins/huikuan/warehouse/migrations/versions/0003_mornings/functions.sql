CREATE OR REPLACE FUNCTION store.result_tables() RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog
AS $$
    SELECT ARRAY[
        'open_item', 'account_balance', 'account_status', 'decision_reason', 'account_flag', 'sanction_cap',
        'early_warning', 'task', 'task_end', 'account_change', 'target_gap', 'handover', 'terms_advice', 'promise_status',
        'aging_summary', 'data_quality', 'quarantine'
    ]
$$;
