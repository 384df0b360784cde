-- Ax experiments: Ax's own JSON, cut into rows. The observations are in "metrics" and nowhere else.
-- "version" is the experiment's version when the document last changed, "ax_version" the Ax that
-- wrote it. A trial's documents lie beside its row in "runs".

CREATE TABLE IF NOT EXISTS ax_experiments (
    experiment_id BIGINT PRIMARY KEY,
    doc           LONGTEXT NOT NULL,
    ax_version    VARCHAR(64) NOT NULL,
    version       BIGINT NOT NULL,
    FOREIGN KEY (experiment_id) REFERENCES experiments (id) ON DELETE CASCADE
) ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE /*M! utf8mb4_nopad_bin */ /*!80017 utf8mb4_0900_bin */;

-- "layout" tells how the rows of "metrics" become Ax's observations again: their order, and the
-- little of them that has no place there.
CREATE TABLE IF NOT EXISTS ax_trials (
    run_id     BIGINT PRIMARY KEY,
    doc        LONGTEXT NOT NULL,
    layout     LONGTEXT NOT NULL,
    ax_version VARCHAR(64) NOT NULL,
    FOREIGN KEY (run_id) REFERENCES runs (id) ON DELETE CASCADE
) ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE /*M! utf8mb4_nopad_bin */ /*!80017 utf8mb4_0900_bin */;

CREATE TABLE IF NOT EXISTS ax_strategies (
    id            BIGINT AUTO_INCREMENT PRIMARY KEY,
    experiment_id BIGINT,
    name          LONGTEXT NOT NULL,
    node          LONGTEXT,
    doc           LONGTEXT NOT NULL,
    ax_version    VARCHAR(64) NOT NULL,
    version       BIGINT NOT NULL,
    FOREIGN KEY (experiment_id) REFERENCES experiments (id) ON DELETE CASCADE
) ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE /*M! utf8mb4_nopad_bin */ /*!80017 utf8mb4_0900_bin */;

-- What a strategy generated, in order: generator run "position" of a trial, or, as long as no trial
-- has it, the document itself.
CREATE TABLE IF NOT EXISTS ax_generator_runs (
    strategy_id BIGINT NOT NULL,
    ordinal     BIGINT NOT NULL,
    run_id      BIGINT,
    position    BIGINT,
    doc         LONGTEXT,
    PRIMARY KEY (strategy_id, ordinal),
    FOREIGN KEY (strategy_id) REFERENCES ax_strategies (id) ON DELETE CASCADE,
    FOREIGN KEY (run_id) REFERENCES runs (id) ON DELETE CASCADE
) ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE /*M! utf8mb4_nopad_bin */ /*!80017 utf8mb4_0900_bin */;

CREATE TABLE IF NOT EXISTS ax_cards (
    id            BIGINT AUTO_INCREMENT PRIMARY KEY,
    experiment_id BIGINT NOT NULL,
    doc           LONGTEXT NOT NULL,
    ax_version    VARCHAR(64) NOT NULL,
    time_created  DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
    FOREIGN KEY (experiment_id) REFERENCES experiments (id) ON DELETE CASCADE
) ENGINE=InnoDB CHARACTER SET utf8mb4 COLLATE /*M! utf8mb4_nopad_bin */ /*!80017 utf8mb4_0900_bin */;
