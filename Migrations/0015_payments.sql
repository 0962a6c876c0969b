-- Payments in parts and in advance, their collection, refunds and disputes, and what happens when nobody pays.

-- A payment is money that was received, whatever it turns out to be for; what invoices take of it are allocations.
ALTER TABLE app.payments
    ADD COLUMN gateway text NOT NULL DEFAULT 'manual' CHECK (gateway ~ '^[a-z][a-z0-9_]{0,39}$'),
    -- What the gateway kept of the amount.
    ADD COLUMN fee_minor bigint NOT NULL DEFAULT 0 CHECK (fee_minor >= 0),
    -- What was taken by invoices in the payment's own journal, and so not booked by a journal of the allocation.
    ADD COLUMN applied_at_receipt_minor bigint NOT NULL DEFAULT 0,
    -- What makes recording it twice harmless.
    ADD COLUMN dedupe_key text CHECK (length(dedupe_key) BETWEEN 1 AND 400),
    DROP CONSTRAINT payments_invoice,
    DROP CONSTRAINT payments_invoice_once;
UPDATE app.payments SET
    applied_at_receipt_minor = amount_minor,
    dedupe_key = 'invoice:' || invoice_id::text || ':' || reference;
ALTER TABLE app.payments ALTER COLUMN gateway DROP DEFAULT;
ALTER TABLE app.payments ALTER COLUMN fee_minor DROP DEFAULT;
ALTER TABLE app.payments ALTER COLUMN applied_at_receipt_minor DROP DEFAULT;
ALTER TABLE app.payments ALTER COLUMN dedupe_key SET NOT NULL;
ALTER TABLE app.payments ADD CONSTRAINT payments_once UNIQUE (tenant_id, dedupe_key);
ALTER TABLE app.payments ADD CONSTRAINT payments_parts CHECK (
    fee_minor <= amount_minor AND applied_at_receipt_minor BETWEEN 0 AND amount_minor);
-- Finds the payment that a gateway speaks of.
CREATE INDEX payments_reference ON app.payments (gateway, reference);
-- Finds a bank transfer that was recorded before, whoever it was from.
CREATE INDEX payments_dedupe ON app.payments (dedupe_key);

-- What settles an invoice: a part of a payment, or a small rest that is not pursued. Taken back by a negative row.
CREATE TABLE app.payment_allocations (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('payment', 'write_off')),
    payment_id uuid,
    invoice_id uuid NOT NULL,
    currency char(3) NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    amount_minor bigint NOT NULL CHECK (amount_minor <> 0),
    -- Whether the payment's own journal books it.
    at_receipt boolean NOT NULL,
    -- What it settles: a receivable, or a debt that was given up before.
    account text NOT NULL CHECK (account IN ('receivable', 'bad_debt')),
    at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    author text NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT payment_allocations_payment CHECK ((kind = 'payment') = (payment_id IS NOT NULL)),
    CONSTRAINT payment_allocations_receipt CHECK (NOT at_receipt OR (kind = 'payment' AND amount_minor > 0))
);
SELECT app.distribute('app.payment_allocations');
SELECT app.isolate('app.payment_allocations');
INSERT INTO app.payment_allocations (tenant_id, id, kind, payment_id, invoice_id, currency, amount_minor, at_receipt,
                                     account, at, recorded_at, author)
SELECT tenant_id, id, 'payment', id, invoice_id, currency, amount_minor, true, 'receivable', at, recorded_at, author
FROM app.payments
ON CONFLICT DO NOTHING;
ALTER TABLE app.payments DROP COLUMN invoice_id;
ALTER TABLE app.payment_allocations ADD CONSTRAINT payment_allocations_of_payment
    FOREIGN KEY (tenant_id, payment_id) REFERENCES app.payments (tenant_id, id);
ALTER TABLE app.payment_allocations ADD CONSTRAINT payment_allocations_of_invoice
    FOREIGN KEY (tenant_id, invoice_id) REFERENCES app.invoices (tenant_id, id);
CREATE INDEX payment_allocations_payments ON app.payment_allocations (tenant_id, payment_id);
CREATE INDEX payment_allocations_invoices ON app.payment_allocations (tenant_id, invoice_id);
GRANT SELECT, INSERT ON app.payment_allocations TO abono_tenant, abono_system, abono_admin;
GRANT SELECT ON app.payment_allocations TO abono_finance;

-- Money that goes back to a customer: of a payment, or what was owed to the customer anyway.
CREATE TABLE app.refunds (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    -- The payment whose gateway sends it back; NULL: people send it.
    payment_id uuid,
    -- What it takes of: of a payment that no invoice took, of what invoices took, of what was owed (refund_payable).
    unapplied_minor bigint NOT NULL CHECK (unapplied_minor >= 0),
    applied_minor bigint NOT NULL CHECK (applied_minor >= 0),
    payable_minor bigint NOT NULL CHECK (payable_minor >= 0),
    currency char(3) NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    gateway text NOT NULL CHECK (gateway ~ '^[a-z][a-z0-9_]{0,39}$'),
    state text NOT NULL CHECK (state IN ('pending', 'succeeded', 'failed')),
    reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
    -- What names it outside, once it is known.
    reference text CHECK (length(reference) BETWEEN 1 AND 200),
    error text CHECK (length(error) <= 500),
    tries int NOT NULL CHECK (tries >= 0),
    at timestamptz NOT NULL,
    settled_at timestamptz,
    recorded_at timestamptz NOT NULL,
    author text NOT NULL,
    dedupe_key text NOT NULL CHECK (length(dedupe_key) BETWEEN 1 AND 400),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT refunds_once UNIQUE (tenant_id, dedupe_key),
    CONSTRAINT refunds_amount CHECK (unapplied_minor + applied_minor + payable_minor > 0),
    CONSTRAINT refunds_of CHECK (payment_id IS NOT NULL OR unapplied_minor + applied_minor = 0),
    CONSTRAINT refunds_settled CHECK ((state = 'pending') = (settled_at IS NULL))
);
SELECT app.distribute('app.refunds');
SELECT app.isolate('app.refunds');
ALTER TABLE app.refunds ADD CONSTRAINT refunds_payment
    FOREIGN KEY (tenant_id, payment_id) REFERENCES app.payments (tenant_id, id);
CREATE INDEX refunds_payments ON app.refunds (tenant_id, payment_id);
CREATE INDEX refunds_reference ON app.refunds (gateway, reference);
GRANT SELECT, INSERT, UPDATE (state, reference, error, tries, settled_at)
    ON app.refunds TO abono_tenant, abono_system, abono_admin;
GRANT SELECT ON app.refunds TO abono_finance;

-- What a customer's bank takes back; the provider holds the money until it is decided.
CREATE TABLE app.payment_disputes (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    payment_id uuid NOT NULL,
    gateway text NOT NULL CHECK (gateway ~ '^[a-z][a-z0-9_]{0,39}$'),
    reference text NOT NULL CHECK (length(reference) BETWEEN 1 AND 200),
    currency char(3) NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    -- What is disputed: of the payment that no invoice took, and of what invoices took.
    unapplied_minor bigint NOT NULL CHECK (unapplied_minor >= 0),
    applied_minor bigint NOT NULL CHECK (applied_minor >= 0),
    fee_minor bigint NOT NULL CHECK (fee_minor >= 0),
    reason text NOT NULL CHECK (length(reason) <= 500),
    state text NOT NULL CHECK (state IN ('open', 'won', 'lost')),
    at timestamptz NOT NULL,
    closed_at timestamptz,
    recorded_at timestamptz NOT NULL,
    author text NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT payment_disputes_once UNIQUE (tenant_id, gateway, reference),
    CONSTRAINT payment_disputes_amount CHECK (unapplied_minor + applied_minor > 0),
    CONSTRAINT payment_disputes_closed CHECK ((state = 'open') = (closed_at IS NULL))
);
SELECT app.distribute('app.payment_disputes');
SELECT app.isolate('app.payment_disputes');
ALTER TABLE app.payment_disputes ADD CONSTRAINT payment_disputes_payment
    FOREIGN KEY (tenant_id, payment_id) REFERENCES app.payments (tenant_id, id);
CREATE INDEX payment_disputes_payments ON app.payment_disputes (tenant_id, payment_id);
GRANT SELECT, INSERT, UPDATE (state, closed_at) ON app.payment_disputes TO abono_tenant, abono_system, abono_admin;
GRANT SELECT ON app.payment_disputes TO abono_finance;

-- Tries to collect an invoice. Written before the gateway is asked, so that whoever comes after a crash asks again
-- under the same key, which is the id.
CREATE TABLE app.payment_attempts (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    invoice_id uuid NOT NULL,
    -- The payment method as it was then.
    gateway text NOT NULL CHECK (gateway ~ '^[a-z][a-z0-9_]{0,39}$'),
    customer text CHECK (length(customer) <= 200),
    method text NOT NULL CHECK (length(method) BETWEEN 1 AND 200),
    currency char(3) NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    state text NOT NULL CHECK (state IN ('sent', 'succeeded', 'pending', 'needs_action', 'declined', 'failed')),
    -- What the gateway calls the charge, once it has said so.
    reference text CHECK (length(reference) BETWEEN 1 AND 200),
    error_code text CHECK (length(error_code) <= 100),
    error_message text CHECK (length(error_message) <= 500),
    -- Whether the same method has no prospect any more.
    is_final boolean NOT NULL,
    action_url text CHECK (length(action_url) <= 2000),
    -- How often nobody answered, and when to ask again.
    tries int NOT NULL CHECK (tries >= 0),
    next_try_at timestamptz,
    payment_id uuid,
    at timestamptz NOT NULL,
    settled_at timestamptz,
    recorded_at timestamptz NOT NULL,
    author text NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT payment_attempts_settled CHECK (
        (state IN ('succeeded', 'declined', 'failed')) = (settled_at IS NOT NULL)),
    CONSTRAINT payment_attempts_payment CHECK ((state = 'succeeded') = (payment_id IS NOT NULL))
);
SELECT app.distribute('app.payment_attempts');
SELECT app.isolate('app.payment_attempts');
ALTER TABLE app.payment_attempts ADD CONSTRAINT payment_attempts_invoice
    FOREIGN KEY (tenant_id, invoice_id) REFERENCES app.invoices (tenant_id, id);
ALTER TABLE app.payment_attempts ADD CONSTRAINT payment_attempts_of_payment
    FOREIGN KEY (tenant_id, payment_id) REFERENCES app.payments (tenant_id, id);
-- What makes a double charge impossible on our side: of an invoice there is one attempt under way.
CREATE UNIQUE INDEX payment_attempts_one ON app.payment_attempts (tenant_id, invoice_id)
    WHERE state IN ('sent', 'pending', 'needs_action');
CREATE INDEX payment_attempts_invoices ON app.payment_attempts (tenant_id, invoice_id);
CREATE INDEX payment_attempts_reference ON app.payment_attempts (gateway, reference);
-- What nobody answered.
CREATE INDEX payment_attempts_unanswered ON app.payment_attempts (recorded_at) WHERE state = 'sent';
GRANT SELECT, INSERT,
    UPDATE (state, reference, error_code, error_message, is_final, action_url, tries, next_try_at, payment_id,
            settled_at)
    ON app.payment_attempts TO abono_tenant, abono_system, abono_admin;
GRANT SELECT ON app.payment_attempts TO abono_finance;

-- What happens to whom nobody pays: for one legal entity, or for all that have none of their own.
CREATE TABLE app.dunning_policies (
    id uuid PRIMARY KEY,
    legal_entity_id uuid,
    retry_days int[] NOT NULL CHECK (cardinality(retry_days) <= 20),
    message_days int[] NOT NULL CHECK (cardinality(message_days) <= 20),
    past_due_after int CHECK (past_due_after BETWEEN 0 AND 365),
    suspend_after int CHECK (suspend_after BETWEEN 0 AND 365),
    cancel_after int CHECK (cancel_after BETWEEN 0 AND 365),
    final text NOT NULL CHECK (final IN ('cancel', 'uncollectible', 'none')),
    recorded_at timestamptz NOT NULL,
    author text NOT NULL,
    CONSTRAINT dunning_policies_entity UNIQUE NULLS NOT DISTINCT (legal_entity_id)
);
SELECT app.replicate('app.dunning_policies');
ALTER TABLE app.dunning_policies ADD CONSTRAINT dunning_policies_of_entity
    FOREIGN KEY (legal_entity_id) REFERENCES app.legal_entities (id);
GRANT SELECT ON app.dunning_policies TO abono_tenant, abono_finance, abono_system, abono_admin;
GRANT INSERT, UPDATE (retry_days, message_days, past_due_after, suspend_after, cancel_after, final, recorded_at, author)
    ON app.dunning_policies TO abono_admin;

-- What was done about an unpaid invoice: each step once.
CREATE TABLE app.dunning_steps (
    tenant_id uuid NOT NULL,
    invoice_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('message', 'retry', 'past_due', 'suspend', 'final')),
    -- Which of its kind, from 1.
    number int NOT NULL CHECK (number BETWEEN 1 AND 20),
    -- What came of it: the template of a message, the standing, what was done at the end.
    effect text NOT NULL CHECK (length(effect) BETWEEN 1 AND 100),
    due_at timestamptz NOT NULL,
    at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, invoice_id, kind, number)
);
SELECT app.distribute('app.dunning_steps');
SELECT app.isolate('app.dunning_steps');
ALTER TABLE app.dunning_steps ADD CONSTRAINT dunning_steps_invoice
    FOREIGN KEY (tenant_id, invoice_id) REFERENCES app.invoices (tenant_id, id);
GRANT SELECT, INSERT ON app.dunning_steps TO abono_tenant, abono_system, abono_admin;
GRANT SELECT ON app.dunning_steps TO abono_finance;

-- What a dunning run looks at.
CREATE INDEX invoices_open ON app.invoices (tenant_id, id) WHERE status = 'open';
-- Bank statements name invoices by their numbers.
CREATE INDEX invoices_by_number ON app.invoices (number) WHERE number IS NOT NULL;
