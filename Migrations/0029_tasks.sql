-- Asynchronous jobs: they wait without a node, any node takes them, and their input and output are kept for a while.

ALTER TABLE app.inference_jobs
    ADD COLUMN is_async boolean NOT NULL DEFAULT false,
    -- The highest of a tenant's is taken first.
    ADD COLUMN priority smallint NOT NULL DEFAULT 0,
    ADD COLUMN max_attempts int NOT NULL DEFAULT 1,
    -- From when on it may be taken; later after each failure.
    ADD COLUMN run_at timestamptz,
    -- When its time has passed.
    ADD COLUMN deadline_at timestamptz,
    ALTER COLUMN node_id DROP NOT NULL,
    ALTER COLUMN node_epoch DROP NOT NULL;
ALTER TABLE app.inference_jobs
    ALTER COLUMN is_async DROP DEFAULT,
    ALTER COLUMN priority DROP DEFAULT,
    ALTER COLUMN max_attempts DROP DEFAULT;
ALTER TABLE app.inference_jobs ADD CONSTRAINT inference_jobs_node CHECK (
    (node_id IS NULL) = (node_epoch IS NULL) AND (node_id IS NOT NULL OR is_async AND status <> 'running'));
ALTER TABLE app.inference_jobs ADD CONSTRAINT inference_jobs_async CHECK (is_async = (run_at IS NOT NULL));
-- What nodes take their work from.
CREATE INDEX inference_jobs_waiting ON app.inference_jobs (tenant_id, priority DESC, id)
    WHERE is_async AND status = 'queued';

-- What an asynchronous job was given and what came of it; empty once it is past its retention.
CREATE TABLE app.inference_contents (
    tenant_id uuid NOT NULL,
    job_id uuid NOT NULL,
    -- The task's fields.
    input jsonb,
    output jsonb,
    expires_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, job_id)
);
SELECT app.distribute('app.inference_contents');
SELECT app.isolate('app.inference_contents');
ALTER TABLE app.inference_contents ADD CONSTRAINT inference_contents_job
    FOREIGN KEY (tenant_id, job_id) REFERENCES app.inference_jobs (tenant_id, id);
CREATE INDEX inference_contents_expiry ON app.inference_contents (expires_at)
    WHERE input IS NOT NULL OR output IS NOT NULL;
GRANT SELECT, INSERT, UPDATE (input, output) ON app.inference_contents TO abono_tenant, abono_system;
GRANT SELECT ON app.inference_contents TO abono_finance, abono_admin;

-- Half the price: work of batches. What it used is counted half.
ALTER TABLE app.inference_jobs ADD COLUMN is_halved boolean NOT NULL DEFAULT false;
ALTER TABLE app.inference_jobs ALTER COLUMN is_halved DROP DEFAULT;

-- Files of tenants: what batches read and write. Their bytes go once they are past their retention or deleted.
CREATE TABLE app.files (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    filename text NOT NULL CHECK (length(filename) BETWEEN 1 AND 255),
    purpose text NOT NULL CHECK (purpose IN ('batch', 'batch_output')),
    bytes bigint NOT NULL CHECK (bytes >= 0),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    removed_at timestamptz,
    recorded_at timestamptz NOT NULL,
    author text NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
SELECT app.distribute('app.files');
SELECT app.isolate('app.files');
CREATE INDEX files_expiry ON app.files (expires_at) WHERE removed_at IS NULL;
GRANT SELECT, INSERT, UPDATE (removed_at) ON app.files TO abono_tenant, abono_system;
GRANT SELECT ON app.files TO abono_finance, abono_admin;

CREATE TABLE app.file_chunks (
    tenant_id uuid NOT NULL,
    file_id uuid NOT NULL,
    position int NOT NULL CHECK (position >= 0),
    content bytea NOT NULL,
    PRIMARY KEY (tenant_id, file_id, position)
);
SELECT app.distribute('app.file_chunks');
SELECT app.isolate('app.file_chunks');
ALTER TABLE app.file_chunks ADD CONSTRAINT file_chunks_file
    FOREIGN KEY (tenant_id, file_id) REFERENCES app.files (tenant_id, id);
GRANT SELECT, INSERT, DELETE ON app.file_chunks TO abono_tenant, abono_system;

CREATE TABLE app.batches (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    endpoint text NOT NULL,
    input_file_id uuid NOT NULL,
    key_id uuid NOT NULL,
    status text NOT NULL CHECK (status IN (
        'validating', 'in_progress', 'cancelling', 'expiring', 'completed', 'failed', 'expired', 'cancelled')),
    metadata jsonb NOT NULL CHECK (jsonb_typeof(metadata) = 'object'),
    -- What is wrong with the input file.
    errors jsonb,
    output_file_id uuid,
    error_file_id uuid,
    created_at timestamptz NOT NULL,
    in_progress_at timestamptz,
    expires_at timestamptz NOT NULL,
    cancelling_at timestamptz,
    finished_at timestamptz,
    recorded_at timestamptz NOT NULL,
    author text NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CHECK ((status IN ('completed', 'failed', 'expired', 'cancelled')) = (finished_at IS NOT NULL))
);
SELECT app.distribute('app.batches');
SELECT app.isolate('app.batches');
ALTER TABLE app.batches ADD CONSTRAINT batches_input
    FOREIGN KEY (tenant_id, input_file_id) REFERENCES app.files (tenant_id, id);
CREATE INDEX batches_open ON app.batches (created_at) WHERE finished_at IS NULL;
GRANT SELECT, INSERT, UPDATE (status, errors, output_file_id, error_file_id, in_progress_at, cancelling_at, finished_at)
    ON app.batches TO abono_tenant, abono_system;
GRANT SELECT ON app.batches TO abono_finance, abono_admin;

-- One request of a batch; its job once it has been admitted, its answer once that has ended.
CREATE TABLE app.batch_lines (
    tenant_id uuid NOT NULL,
    batch_id uuid NOT NULL,
    -- Its place in the input file, from 1.
    line int NOT NULL CHECK (line >= 1),
    custom_id text NOT NULL,
    -- Empty once it is answered.
    body jsonb,
    job_id uuid,
    answer jsonb,
    -- Whether the answer belongs in the file of errors.
    is_failed boolean,
    PRIMARY KEY (tenant_id, batch_id, line),
    CHECK ((answer IS NULL) = (is_failed IS NULL))
);
SELECT app.distribute('app.batch_lines');
SELECT app.isolate('app.batch_lines');
ALTER TABLE app.batch_lines ADD CONSTRAINT batch_lines_batch
    FOREIGN KEY (tenant_id, batch_id) REFERENCES app.batches (tenant_id, id);
CREATE INDEX batch_lines_open ON app.batch_lines (tenant_id, batch_id, line) WHERE answer IS NULL;
GRANT SELECT, INSERT, UPDATE (body, job_id, answer, is_failed) ON app.batch_lines TO abono_tenant, abono_system;
