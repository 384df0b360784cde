"""The endpoints of the dashboard: path, function, done."""

from __future__ import annotations

from ..server.endpoint import Endpoint
from . import (
    artifacts,
    charts,
    experiments,
    meta,
    notes,
    run,
    run_compare,
    run_curves,
    run_files,
    runs,
    sql,
    steering,
    stock,
    study,
    trials,
    views,
)

_E, _S = "/api/experiments/{id:int}", "/api/studies/{id:int}"
_R = "/api/runs/{run:int}"

#: Those of ``/api/experiments`` and ``/api/runs`` are Runbase's, for every kind. Those of
#: ``/api/studies`` and ``/api/trials`` have the paths and shapes of Optuna Dashboard's.
ENDPOINTS = [
    Endpoint("GET", "/api/meta", meta.get_meta),
    Endpoint("GET", "/api/changes", meta.get_changes),
    Endpoint("GET", "/api/experiments", experiments.list_experiments),
    Endpoint("POST", "/api/experiments", experiments.create_experiment, 201),
    Endpoint("PATCH", _E, experiments.change_experiment),
    Endpoint("DELETE", _E, experiments.delete_experiment),
    Endpoint("GET", _E, study.get_study),
    Endpoint("GET", f"{_E}/summary", study.get_summary),
    Endpoint("GET", f"{_E}/figures/{{figure:path}}", study.get_figure),
    Endpoint("GET", f"{_E}/columns", charts.get_columns),
    Endpoint("GET", f"{_E}/importances", charts.get_importances),
    Endpoint("GET", f"{_E}/contour", charts.get_contour),
    Endpoint("GET", f"{_E}/edf", charts.get_edf),
    Endpoint("GET", f"{_E}/curves", charts.get_curves),
    Endpoint("GET", f"{_E}/trials", trials.get_trials),
    Endpoint("GET", f"{_E}/trials/{{number}}", trials.get_trial),
    Endpoint("GET", f"{_E}/csv", trials.get_csv),
    Endpoint("POST", f"{_E}/enqueue", steering.enqueue, 201),
    Endpoint("GET", "/api/runs", runs.get_runs),
    Endpoint("GET", "/api/runs/catalogue", runs.get_catalogue),
    Endpoint("GET", "/api/runs/groups", runs.get_groups),
    Endpoint("GET", "/api/runs/points", runs.get_points),
    Endpoint("GET", "/api/runs/curves", run_curves.get_run_curves),
    Endpoint("GET", "/api/runs/compare", run_compare.get_run_comparison),
    Endpoint("GET", "/api/runs/export", runs.get_export),
    Endpoint("GET", "/api/runs/{id:int}", run.get_run),
    Endpoint("PATCH", "/api/runs/{id:int}", run.change_run),
    Endpoint("DELETE", "/api/runs/{id:int}", run.delete_run),
    Endpoint("GET", "/api/runs/{id:int}/sketches", run.get_sketches),
    Endpoint("POST", f"{_R}/artifacts", run_files.add_artifact, 201),
    Endpoint("DELETE", f"{_R}/artifacts/{{artifact:int}}", run_files.delete_artifact),
    Endpoint("GET", f"{_R}/artifacts/{{artifact:int}}/table", run_files.get_rows),
    Endpoint("GET", "/run-artifacts/{run:int}/{artifact:int}", run_files.read_artifact),
    Endpoint("GET", "/api/studies", stock.list_studies),
    Endpoint("POST", "/api/studies", stock.create_study, 201),
    Endpoint("GET", _S, stock.get_study),
    Endpoint("DELETE", _S, stock.delete_study),
    Endpoint("POST", f"{_S}/rename", stock.rename_study, 201),
    Endpoint("GET", f"{_S}/param_importances", stock.get_param_importances),
    Endpoint("PUT", f"{_S}/note", notes.put_study_note),
    Endpoint("PUT", f"{_S}/{{trial_id:int}}/note", notes.put_trial_note),
    Endpoint("POST", "/api/trials/{trial_id:int}/tell", steering.tell),
    Endpoint("POST", "/api/trials/{trial_id:int}/user-attrs", steering.set_user_attrs),
    Endpoint("POST", "/api/sql", sql.run_query),
    Endpoint("GET", "/api/sql/schema", sql.get_schema),
    Endpoint("GET", "/api/views", views.list_views),
    Endpoint("POST", "/api/views", views.save_view, 201),
    Endpoint("PUT", "/api/views/{id:int}", views.change_view),
    Endpoint("DELETE", "/api/views/{id:int}", views.delete_view),
    Endpoint("GET", "/csv/{id:int}", stock.get_csv),
    Endpoint("POST", "/api/artifacts/{id:int}", artifacts.upload_to_study, 201),
    Endpoint("POST", "/api/artifacts/{id:int}/{trial_id:int}", artifacts.upload_to_trial, 201),
    Endpoint("DELETE", "/api/artifacts/{id:int}/{artifact_id}", artifacts.delete_of_study),
    Endpoint(
        "DELETE", "/api/artifacts/{id:int}/{trial_id:int}/{artifact_id}", artifacts.delete_of_trial
    ),
    Endpoint("GET", "/artifacts/{id:int}/{artifact_id}", artifacts.read_of_study),
    Endpoint("GET", "/artifacts/{id:int}/{trial_id:int}/{artifact_id}", artifacts.read_of_trial),
]
