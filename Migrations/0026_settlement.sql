-- What becomes of money that was settled once: bought credit whose money goes back, charges that give way to others,
-- and restrictions that people made.

-- What of a grant was taken back, because the money for it went back.
ALTER TABLE app.credit_grants
    ADD COLUMN withdrawn_minor bigint NOT NULL DEFAULT 0,
    -- What invoices had taken when the money for it went back: should they give it back, it cannot be taken again.
    ADD COLUMN paid_back_minor bigint NOT NULL DEFAULT 0;
ALTER TABLE app.credit_grants ALTER COLUMN withdrawn_minor DROP DEFAULT;
ALTER TABLE app.credit_grants ALTER COLUMN paid_back_minor DROP DEFAULT;
ALTER TABLE app.credit_grants ADD CONSTRAINT credit_grants_withdrawn CHECK (
    withdrawn_minor >= 0 AND paid_back_minor >= 0
    AND withdrawn_minor + coalesce(expired_minor, 0) <= amount_minor);
GRANT UPDATE (withdrawn_minor, paid_back_minor) ON app.credit_grants TO abono_tenant, abono_system, abono_admin;
CREATE INDEX credit_grants_paid_back ON app.credit_grants (tenant_id, id) WHERE paid_back_minor > 0;

-- Refunds and disputes are of a payment, or of a purchase of credit.
ALTER TABLE app.refunds
    ADD COLUMN purchase_id uuid,
    -- What it takes of credit that was bought and not used, and what was given with it, which is in no total.
    ADD COLUMN credit_minor bigint NOT NULL DEFAULT 0 CHECK (credit_minor >= 0),
    ADD COLUMN bonus_minor bigint NOT NULL DEFAULT 0 CHECK (bonus_minor >= 0),
    -- What of it was for credit that invoices had taken.
    ADD COLUMN paid_back_minor bigint NOT NULL DEFAULT 0 CHECK (paid_back_minor BETWEEN 0 AND applied_minor),
    DROP CONSTRAINT refunds_amount,
    DROP CONSTRAINT refunds_of;
ALTER TABLE app.refunds ALTER COLUMN credit_minor DROP DEFAULT;
ALTER TABLE app.refunds ALTER COLUMN bonus_minor DROP DEFAULT;
ALTER TABLE app.refunds ALTER COLUMN paid_back_minor DROP DEFAULT;
ALTER TABLE app.refunds ADD CONSTRAINT refunds_amount
    CHECK (unapplied_minor + applied_minor + payable_minor + credit_minor > 0);
ALTER TABLE app.refunds ADD CONSTRAINT refunds_of CHECK (
    CASE WHEN purchase_id IS NOT NULL THEN payment_id IS NULL AND unapplied_minor = 0
         WHEN payment_id IS NOT NULL THEN credit_minor + bonus_minor = 0
         ELSE unapplied_minor + applied_minor + credit_minor + bonus_minor = 0 END);
ALTER TABLE app.refunds ADD CONSTRAINT refunds_purchase
    FOREIGN KEY (tenant_id, purchase_id) REFERENCES app.credit_purchases (tenant_id, id);
CREATE INDEX refunds_purchases ON app.refunds (tenant_id, purchase_id) WHERE purchase_id IS NOT NULL;

ALTER TABLE app.payment_disputes
    ALTER COLUMN payment_id DROP NOT NULL,
    ADD COLUMN purchase_id uuid,
    ADD COLUMN credit_minor bigint NOT NULL DEFAULT 0 CHECK (credit_minor >= 0),
    ADD COLUMN bonus_minor bigint NOT NULL DEFAULT 0 CHECK (bonus_minor >= 0),
    -- What of it was for credit that invoices had taken.
    ADD COLUMN paid_back_minor bigint NOT NULL DEFAULT 0 CHECK (paid_back_minor BETWEEN 0 AND applied_minor),
    -- Until when the provider takes evidence.
    ADD COLUMN evidence_due_at timestamptz,
    DROP CONSTRAINT payment_disputes_amount;
ALTER TABLE app.payment_disputes ALTER COLUMN credit_minor DROP DEFAULT;
ALTER TABLE app.payment_disputes ALTER COLUMN bonus_minor DROP DEFAULT;
ALTER TABLE app.payment_disputes ALTER COLUMN paid_back_minor DROP DEFAULT;
ALTER TABLE app.payment_disputes ADD CONSTRAINT payment_disputes_amount
    CHECK (unapplied_minor + applied_minor + credit_minor > 0);
ALTER TABLE app.payment_disputes ADD CONSTRAINT payment_disputes_of CHECK (
    CASE WHEN purchase_id IS NOT NULL THEN payment_id IS NULL AND unapplied_minor = 0
         ELSE payment_id IS NOT NULL AND credit_minor + bonus_minor = 0 END);
ALTER TABLE app.payment_disputes ADD CONSTRAINT payment_disputes_purchase
    FOREIGN KEY (tenant_id, purchase_id) REFERENCES app.credit_purchases (tenant_id, id);
CREATE INDEX payment_disputes_purchases ON app.payment_disputes (tenant_id, purchase_id)
    WHERE purchase_id IS NOT NULL;
GRANT UPDATE (evidence_due_at) ON app.payment_disputes TO abono_tenant, abono_system, abono_admin;

-- Since when a charge that waits for its customer is to be cancelled at its gateway, in business time: nothing else is
-- charged before its gateway has said that it is.
ALTER TABLE app.payment_attempts ADD COLUMN cancel_requested_at timestamptz;
GRANT UPDATE (cancel_requested_at) ON app.payment_attempts TO abono_tenant, abono_system, abono_admin;
CREATE INDEX payment_attempts_waiting ON app.payment_attempts (recorded_at) WHERE state = 'needs_action';

-- Who made a subscription's standing what it is: dunning takes back only its own. Until now nobody else could.
ALTER TABLE app.subscription_standings ADD COLUMN origin text NOT NULL DEFAULT 'dunning'
    CHECK (origin IN ('dunning', 'staff'));
ALTER TABLE app.subscription_standings ALTER COLUMN origin DROP DEFAULT;
