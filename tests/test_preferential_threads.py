"""One thread of BLAS where matrices are small."""

from __future__ import annotations

import threadpoolctl

from runbase.dashboard.preferential.threads import one_thread


def threads() -> set[int]:
    pools = threadpoolctl.threadpool_info()
    return {pool["num_threads"] for pool in pools if pool["user_api"] == "blas"}


def test_blas_has_one_thread_for_as_long_as_a_block():
    with one_thread():
        pass  # all libraries are loaded now
    with threadpoolctl.threadpool_limits(limits=2, user_api="blas"):
        assert threads() == {2}
        with one_thread():
            assert threads() == {1}
        assert threads() == {2}
