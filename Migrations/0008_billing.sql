-- Invoices and what pays them. An invoice is a pure function of a subscription's history; what was invoiced once stays
-- as it was, and a correction is a line of a later invoice.

-- The last number of each legal entity. A number is taken in the transaction that finalizes the invoice, under the lock
-- of the entity's row: so there is no gap, also when one is rolled back. On the coordinator of a distributed database.
CREATE TABLE app.invoice_counters (
    legal_entity_id uuid PRIMARY KEY,
    last_number bigint NOT NULL CHECK (last_number >= 1)
);
GRANT SELECT ON app.invoice_counters TO abono_finance, abono_system, abono_admin;

-- Tenants' transactions take numbers and see nothing else of the entity's book.
CREATE FUNCTION app.next_invoice_number(entity uuid) RETURNS bigint
LANGUAGE sql STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO app.invoice_counters AS c (legal_entity_id, last_number) VALUES (entity, 1)
    ON CONFLICT (legal_entity_id) DO UPDATE SET last_number = c.last_number + 1
    RETURNING last_number
$$;
REVOKE ALL ON FUNCTION app.next_invoice_number(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.next_invoice_number(uuid) TO abono_tenant, abono_system, abono_admin;

CREATE TABLE app.invoices (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    subscription_id uuid NOT NULL,
    legal_entity_id uuid NOT NULL,
    -- NULL until it is finalized.
    number text CHECK (length(number) BETWEEN 1 AND 50),
    status text NOT NULL CHECK (status IN ('draft', 'open', 'paid', 'void', 'uncollectible')),
    reason text NOT NULL CHECK (reason IN ('start', 'cancel', 'change', 'trial_end', 'renewal')),
    issued_at timestamptz NOT NULL,
    due_at timestamptz,
    finalized_at timestamptz,
    paid_at timestamptz,
    voided_at timestamptz,
    currency char(3) NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    subtotal_minor bigint NOT NULL,
    discount_minor bigint NOT NULL,
    tax_minor bigint NOT NULL,
    total_minor bigint NOT NULL CHECK (total_minor >= 0),
    -- What is below zero: it goes to the credit balance, or is to be paid out.
    credited_minor bigint NOT NULL CHECK (credited_minor >= 0),
    refund_due_minor bigint NOT NULL CHECK (refund_due_minor >= 0),
    credits_applied_minor bigint NOT NULL CHECK (credits_applied_minor >= 0),
    amount_due_minor bigint NOT NULL CHECK (amount_due_minor >= 0),
    amount_paid_minor bigint NOT NULL CHECK (amount_paid_minor >= 0),
    recorded_at timestamptz NOT NULL,
    author text NOT NULL,
    PRIMARY KEY (tenant_id, id),
    -- What makes billing twice harmless: of a subscription there is one invoice for an instant.
    CONSTRAINT invoices_instant UNIQUE (tenant_id, subscription_id, issued_at),
    CONSTRAINT invoices_number UNIQUE (tenant_id, legal_entity_id, number),
    CONSTRAINT invoices_total CHECK (
        subtotal_minor - discount_minor + tax_minor = total_minor - credited_minor - refund_due_minor
        AND (total_minor = 0 OR credited_minor + refund_due_minor = 0)),
    CONSTRAINT invoices_due CHECK (amount_due_minor = total_minor - credits_applied_minor),
    CONSTRAINT invoices_paid CHECK (
        amount_paid_minor = CASE WHEN status = 'paid' THEN amount_due_minor ELSE 0 END
        AND (status = 'paid') = (paid_at IS NOT NULL)),
    CONSTRAINT invoices_void CHECK ((status = 'void') = (voided_at IS NOT NULL)),
    CONSTRAINT invoices_finalized CHECK (
        (number IS NULL) = (finalized_at IS NULL) AND (due_at IS NULL) = (finalized_at IS NULL)
        AND (status <> 'draft' OR finalized_at IS NULL)
        AND (status NOT IN ('open', 'paid', 'uncollectible') OR finalized_at IS NOT NULL))
);
SELECT app.distribute('app.invoices');
SELECT app.isolate('app.invoices');
ALTER TABLE app.invoices ADD CONSTRAINT invoices_subscription
    FOREIGN KEY (tenant_id, subscription_id) REFERENCES app.subscriptions (tenant_id, id);
ALTER TABLE app.invoices ADD CONSTRAINT invoices_legal_entity
    FOREIGN KEY (legal_entity_id) REFERENCES app.legal_entities (id);
-- What the billing run finalizes.
CREATE INDEX invoices_drafts ON app.invoices (issued_at, tenant_id, id) WHERE status = 'draft';
CREATE INDEX invoices_time ON app.invoices (tenant_id, issued_at);
GRANT SELECT, INSERT,
    UPDATE (number, status, due_at, finalized_at, paid_at, voided_at, amount_paid_minor)
    ON app.invoices TO abono_tenant, abono_system, abono_admin;
GRANT SELECT ON app.invoices TO abono_finance;

CREATE TABLE app.invoice_lines (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    invoice_id uuid NOT NULL,
    -- Its place on the invoice, from 1.
    position int NOT NULL CHECK (position >= 1),
    subscription_id uuid NOT NULL,
    plan_version_id uuid NOT NULL,
    plan text NOT NULL,
    price text,
    kind text NOT NULL CHECK (kind IN ('credit', 'charge', 'recurring', 'usage', 'minimum')),
    -- Whether the stretch it is for was still to come.
    timing text NOT NULL CHECK (timing IN ('advance', 'arrears')),
    meter text,
    -- How the quantity of a usage line follows from the events of its stretch; NULL if not from them alone.
    measure text CHECK (
        measure IN ('count', 'sum', 'max', 'min', 'average', 'latest', 'unique')),
    unique_by text,
    period_start timestamptz NOT NULL,
    period_end timestamptz NOT NULL,
    -- In lowest terms, like 16/31.
    ratio text NOT NULL CHECK (ratio ~ '^[0-9]+(/[0-9]+)?$'),
    quantity numeric(38, 12) NOT NULL,
    -- The amount before it was rounded, as a fraction of the currency's unit.
    exact text NOT NULL CHECK (exact ~ '^-?[0-9]+(/[0-9]+)?$'),
    amount_minor bigint NOT NULL,
    discount_minor bigint NOT NULL,
    tax_minor bigint NOT NULL,
    -- What was billed before is billed anew by its difference: a late event, or one that was taken back.
    is_correction boolean NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT invoice_lines_position UNIQUE (tenant_id, invoice_id, position),
    CONSTRAINT invoice_lines_period CHECK (period_start <= period_end),
    CONSTRAINT invoice_lines_price CHECK ((kind = 'minimum') = (price IS NULL)),
    CONSTRAINT invoice_lines_usage CHECK ((kind = 'usage') = (meter IS NOT NULL)),
    CONSTRAINT invoice_lines_measure CHECK (
        (measure IS NULL OR meter IS NOT NULL) AND (measure IS NOT DISTINCT FROM 'unique') = (unique_by IS NOT NULL))
);
SELECT app.distribute('app.invoice_lines');
SELECT app.isolate('app.invoice_lines');
ALTER TABLE app.invoice_lines ADD CONSTRAINT invoice_lines_invoice
    FOREIGN KEY (tenant_id, invoice_id) REFERENCES app.invoices (tenant_id, id);
ALTER TABLE app.invoice_lines ADD CONSTRAINT invoice_lines_plan_version
    FOREIGN KEY (plan_version_id) REFERENCES app.plan_versions (id);
-- What was billed for a stretch.
CREATE INDEX invoice_lines_usage ON app.invoice_lines (tenant_id, subscription_id, period_start)
    WHERE kind IN ('usage', 'minimum');
GRANT SELECT, INSERT ON app.invoice_lines TO abono_tenant, abono_system, abono_admin;
GRANT SELECT ON app.invoice_lines TO abono_finance;

-- Credit that was bought or given, and can be used for invoices until it expires.
CREATE TABLE app.credit_grants (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('promotional', 'prepaid')),
    currency char(3) NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    -- The lowest is used first.
    priority int NOT NULL CHECK (priority BETWEEN 0 AND 1000),
    granted_at timestamptz NOT NULL,
    expires_at timestamptz,
    voided_at timestamptz,
    memo text NOT NULL CHECK (length(memo) <= 500),
    recorded_at timestamptz NOT NULL,
    author text NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT credit_grants_stretch CHECK (expires_at IS NULL OR expires_at > granted_at)
);
SELECT app.distribute('app.credit_grants');
SELECT app.isolate('app.credit_grants');
GRANT SELECT, INSERT, UPDATE (voided_at) ON app.credit_grants TO abono_tenant, abono_system, abono_admin;
GRANT SELECT ON app.credit_grants TO abono_finance;

-- What invoices took of grants; what a voided invoice had taken comes back by a row of its own.
CREATE TABLE app.credit_uses (
    tenant_id uuid NOT NULL,
    grant_id uuid NOT NULL,
    invoice_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('used', 'returned')),
    amount_minor bigint NOT NULL,
    at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, invoice_id, grant_id, kind),
    CONSTRAINT credit_uses_sign CHECK (CASE kind WHEN 'used' THEN amount_minor > 0 ELSE amount_minor < 0 END)
);
SELECT app.distribute('app.credit_uses');
SELECT app.isolate('app.credit_uses');
ALTER TABLE app.credit_uses ADD CONSTRAINT credit_uses_grant
    FOREIGN KEY (tenant_id, grant_id) REFERENCES app.credit_grants (tenant_id, id);
ALTER TABLE app.credit_uses ADD CONSTRAINT credit_uses_invoice
    FOREIGN KEY (tenant_id, invoice_id) REFERENCES app.invoices (tenant_id, id);
CREATE INDEX credit_uses_of_grant ON app.credit_uses (tenant_id, grant_id);
GRANT SELECT, INSERT ON app.credit_uses TO abono_tenant, abono_system, abono_admin;
GRANT SELECT ON app.credit_uses TO abono_finance;

-- The credit balance that invoices below zero leave, and later ones use: the sum of its movements.
CREATE TABLE app.credit_movements (
    tenant_id uuid NOT NULL,
    invoice_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('added', 'used', 'returned', 'withdrawn')),
    currency char(3) NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    amount_minor bigint NOT NULL,
    at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, invoice_id, kind),
    CONSTRAINT credit_movements_sign CHECK (
        CASE WHEN kind IN ('added', 'returned') THEN amount_minor > 0 ELSE amount_minor < 0 END)
);
SELECT app.distribute('app.credit_movements');
SELECT app.isolate('app.credit_movements');
ALTER TABLE app.credit_movements ADD CONSTRAINT credit_movements_invoice
    FOREIGN KEY (tenant_id, invoice_id) REFERENCES app.invoices (tenant_id, id);
GRANT SELECT, INSERT ON app.credit_movements TO abono_tenant, abono_system, abono_admin;
GRANT SELECT ON app.credit_movements TO abono_finance;

CREATE TABLE app.payments (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    invoice_id uuid NOT NULL,
    currency char(3) NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    -- What names it outside: a bank's or a provider's reference.
    reference text NOT NULL CHECK (length(reference) BETWEEN 1 AND 200),
    at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    author text NOT NULL,
    PRIMARY KEY (tenant_id, id),
    -- An invoice is paid whole, and once.
    CONSTRAINT payments_invoice_once UNIQUE (tenant_id, invoice_id)
);
SELECT app.distribute('app.payments');
SELECT app.isolate('app.payments');
ALTER TABLE app.payments ADD CONSTRAINT payments_invoice
    FOREIGN KEY (tenant_id, invoice_id) REFERENCES app.invoices (tenant_id, id);
GRANT SELECT, INSERT ON app.payments TO abono_tenant, abono_system, abono_admin;
GRANT SELECT ON app.payments TO abono_finance;
