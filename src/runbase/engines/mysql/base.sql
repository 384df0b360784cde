-- Runbase on MySQL and MariaDB. A try is a row in "runs"; what it measured are rows in "metrics".
-- Times are UTC. Names compare by their bytes, spaces at the end included, as on the other engines:
-- the collation for it has one name in MariaDB and another one in MySQL. Tables here are not
-- created in a transaction: IF NOT EXISTS lets an interrupted setup be repeated.

CREATE TABLE IF NOT EXISTS applied_migrations (
    name         VARCHAR(512) PRIMARY KEY,
    checksum     CHAR(64) NOT NULL,
    time_applied DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)
) ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE /*M! utf8mb4_nopad_bin */ /*!80017 utf8mb4_0900_bin */;

-- "next_number" is the number of the next run. "version" counts the changes of a study: each change
-- of a trial gives it the study's next version, so that a reader asks only for what is new.
CREATE TABLE IF NOT EXISTS experiments (
    id           BIGINT AUTO_INCREMENT PRIMARY KEY,
    kind         VARCHAR(64) NOT NULL DEFAULT 'tracking',
    name         VARCHAR(512) NOT NULL,
    comment      LONGTEXT,
    tags         JSON,
    extras       JSON,
    directions   JSON,
    time_created DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    time_updated DATETIME(6),
    next_number  BIGINT NOT NULL DEFAULT 0,
    version      BIGINT NOT NULL DEFAULT 0,
    UNIQUE (kind, name)
) ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE /*M! utf8mb4_nopad_bin */ /*!80017 utf8mb4_0900_bin */;

CREATE TABLE IF NOT EXISTS experiment_links (
    from_id BIGINT NOT NULL,
    kind    VARCHAR(64) NOT NULL,
    to_id   BIGINT NOT NULL,
    PRIMARY KEY (from_id, kind, to_id),
    FOREIGN KEY (from_id) REFERENCES experiments (id) ON DELETE CASCADE,
    FOREIGN KEY (to_id) REFERENCES experiments (id) ON DELETE CASCADE
) ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE /*M! utf8mb4_nopad_bin */ /*!80017 utf8mb4_0900_bin */;

CREATE TABLE IF NOT EXISTS runs (
    id               BIGINT AUTO_INCREMENT PRIMARY KEY,
    experiment_id    BIGINT NOT NULL,
    number           BIGINT NOT NULL,
    parent_id        BIGINT,
    name             VARCHAR(512),
    status           VARCHAR(64) NOT NULL DEFAULT 'PLANNED',
    time_created     DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    time_started     DATETIME(6),
    time_updated     DATETIME(6),
    time_finished    DATETIME(6),
    heartbeat        DATETIME(6),
    comment          LONGTEXT,
    tags             JSON,
    args             JSON,
    env              JSON,
    extras           JSON,
    value            DOUBLE,
    objective_values JSON,
    version          BIGINT NOT NULL DEFAULT 0,
    UNIQUE (experiment_id, number),
    INDEX runs_version (experiment_id, version),
    FOREIGN KEY (experiment_id) REFERENCES experiments (id) ON DELETE CASCADE,
    FOREIGN KEY (parent_id) REFERENCES runs (id) ON DELETE CASCADE
) ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE /*M! utf8mb4_nopad_bin */ /*!80017 utf8mb4_0900_bin */;

CREATE TABLE IF NOT EXISTS run_links (
    from_id BIGINT NOT NULL,
    kind    VARCHAR(64) NOT NULL,
    to_id   BIGINT NOT NULL,
    PRIMARY KEY (from_id, kind, to_id),
    FOREIGN KEY (from_id) REFERENCES runs (id) ON DELETE CASCADE,
    FOREIGN KEY (to_id) REFERENCES runs (id) ON DELETE CASCADE
) ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE /*M! utf8mb4_nopad_bin */ /*!80017 utf8mb4_0900_bin */;

-- Attributes that other tools own (Optuna's user and system attributes): exact JSON text.
CREATE TABLE IF NOT EXISTS experiment_attrs (
    owner_id BIGINT NOT NULL,
    scope    VARCHAR(16) NOT NULL,
    `key`    VARCHAR(512) NOT NULL,
    value    LONGTEXT NOT NULL,
    PRIMARY KEY (owner_id, scope, `key`),
    FOREIGN KEY (owner_id) REFERENCES experiments (id) ON DELETE CASCADE
) ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE /*M! utf8mb4_nopad_bin */ /*!80017 utf8mb4_0900_bin */;

CREATE TABLE IF NOT EXISTS run_attrs (
    owner_id BIGINT NOT NULL,
    scope    VARCHAR(16) NOT NULL,
    `key`    VARCHAR(512) NOT NULL,
    value    LONGTEXT NOT NULL,
    PRIMARY KEY (owner_id, scope, `key`),
    FOREIGN KEY (owner_id) REFERENCES runs (id) ON DELETE CASCADE
) ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE /*M! utf8mb4_nopad_bin */ /*!80017 utf8mb4_0900_bin */;

CREATE TABLE IF NOT EXISTS distributions (
    id   BIGINT AUTO_INCREMENT PRIMARY KEY,
    json LONGTEXT NOT NULL,
    sha256 CHAR(64) AS (SHA2(json, 256)) STORED UNIQUE
) ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE /*M! utf8mb4_nopad_bin */ /*!80017 utf8mb4_0900_bin */;

CREATE TABLE IF NOT EXISTS run_params (
    run_id          BIGINT NOT NULL,
    seq             BIGINT NOT NULL,
    name            VARCHAR(512) NOT NULL,
    value           DOUBLE,
    distribution_id BIGINT NOT NULL,
    PRIMARY KEY (run_id, seq),
    FOREIGN KEY (run_id) REFERENCES runs (id) ON DELETE CASCADE,
    FOREIGN KEY (distribution_id) REFERENCES distributions (id)
) ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE /*M! utf8mb4_nopad_bin */ /*!80017 utf8mb4_0900_bin */;

-- One row for each point in time, one column for each metric, added when a metric first comes.
CREATE TABLE IF NOT EXISTS metrics (
    run_id   BIGINT NOT NULL,
    step     BIGINT NOT NULL DEFAULT 0,
    progress DOUBLE NOT NULL DEFAULT 0.0,
    PRIMARY KEY (run_id, step, progress),
    FOREIGN KEY (run_id) REFERENCES runs (id) ON DELETE CASCADE
) ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE /*M! utf8mb4_nopad_bin */ /*!80017 utf8mb4_0900_bin */;

-- The exact names of metrics. column_name is NULL where values live in metrics_more.
CREATE TABLE IF NOT EXISTS metric_names (
    id           BIGINT AUTO_INCREMENT PRIMARY KEY,
    name         VARCHAR(512) NOT NULL UNIQUE,
    column_name  VARCHAR(64) UNIQUE,
    kind         VARCHAR(64) NOT NULL,
    user_defined BOOLEAN NOT NULL DEFAULT FALSE
) ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE /*M! utf8mb4_nopad_bin */ /*!80017 utf8mb4_0900_bin */;

-- Metrics beyond the columns: {"name": value, ...}
CREATE TABLE IF NOT EXISTS metrics_more (
    run_id   BIGINT NOT NULL,
    step     BIGINT NOT NULL DEFAULT 0,
    progress DOUBLE NOT NULL DEFAULT 0.0,
    data     JSON NOT NULL,
    PRIMARY KEY (run_id, step, progress),
    FOREIGN KEY (run_id) REFERENCES runs (id) ON DELETE CASCADE
) ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE /*M! utf8mb4_nopad_bin */ /*!80017 utf8mb4_0900_bin */;

-- NaN and infinities, which MySQL has not.
CREATE TABLE IF NOT EXISTS metric_specials (
    run_id    BIGINT NOT NULL,
    metric_id BIGINT NOT NULL,
    step      BIGINT NOT NULL DEFAULT 0,
    progress  DOUBLE NOT NULL DEFAULT 0.0,
    value     VARCHAR(16) NOT NULL,
    PRIMARY KEY (run_id, metric_id, step, progress),
    FOREIGN KEY (run_id) REFERENCES runs (id) ON DELETE CASCADE,
    FOREIGN KEY (metric_id) REFERENCES metric_names (id) ON DELETE CASCADE
) ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE /*M! utf8mb4_nopad_bin */ /*!80017 utf8mb4_0900_bin */;

-- What tables of runs show: kept in the transaction that writes the metrics.
CREATE TABLE IF NOT EXISTS run_metrics (
    run_id        BIGINT NOT NULL,
    metric_id     BIGINT NOT NULL,
    n             BIGINT NOT NULL,
    n_nan         BIGINT NOT NULL DEFAULT 0,
    first_step    BIGINT,
    last_step     BIGINT,
    last_progress DOUBLE,
    last          DOUBLE,
    min           DOUBLE,
    min_step      BIGINT,
    max           DOUBLE,
    max_step      BIGINT,
    sum           DOUBLE,
    PRIMARY KEY (run_id, metric_id),
    FOREIGN KEY (run_id) REFERENCES runs (id) ON DELETE CASCADE,
    FOREIGN KEY (metric_id) REFERENCES metric_names (id) ON DELETE CASCADE
) ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE /*M! utf8mb4_nopad_bin */ /*!80017 utf8mb4_0900_bin */;

CREATE TABLE IF NOT EXISTS artifacts (
    id            BIGINT AUTO_INCREMENT PRIMARY KEY,
    experiment_id BIGINT,
    run_id        BIGINT,
    filename      VARCHAR(1024) NOT NULL,
    mimetype      VARCHAR(255),
    encoding      VARCHAR(255),
    size          BIGINT,
    sha256        CHAR(64),
    uri           LONGTEXT NOT NULL,
    time_created  DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    FOREIGN KEY (experiment_id) REFERENCES experiments (id) ON DELETE CASCADE,
    FOREIGN KEY (run_id) REFERENCES runs (id) ON DELETE CASCADE
) ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE /*M! utf8mb4_nopad_bin */ /*!80017 utf8mb4_0900_bin */;
