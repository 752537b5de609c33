"""Fisher vectors: how the patches of one picture differ from those of all pictures.

Source: Perronnin, Sanchez, Mensink, "Improving the Fisher Kernel for Large-Scale Image Classification", ECCV 2010.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float32]
Vector = npt.NDArray[np.float32]

_FEW = 20  # samples to a word at least
_NEGLIGIBLE = 1e-3  # shares of a patch in a word below this count as none


@dataclass(frozen=True, slots=True)
class FisherCode:
    """Patches are projected to `d` numbers (`mean` [D], `axes` [D, d]) and compared with a mixture of `k` words:
    `weights` [k], `centres` [k, d], `variances` [k, d]."""

    mean: Vector
    axes: Matrix
    weights: Vector
    centres: Matrix
    variances: Matrix

    @property
    def dimensions(self) -> int:
        """The length of a Fisher vector."""
        return 2 * self.centres.size

    @classmethod
    def fit(cls, patches: Matrix, *, numbers: int, words: int, seed: int) -> FisherCode:
        """Fit on a sample of patches [samples, D]; there are fewer words where there are few samples."""
        # What only compares pictures starts without these.
        from sklearn.cluster import MiniBatchKMeans
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.mixture import GaussianMixture

        mean = patches.mean(axis=0)
        strength, axes = np.linalg.eigh(np.cov(patches - mean, rowvar=False))
        kept = np.argsort(-strength)[:numbers]
        # Half whitened, so that the strongest colours do not choose all the words alone.
        scale = np.maximum(strength[kept], strength.max() * 1e-6 + 1e-12) ** -0.25
        projected = ((patches - mean) @ (axes[:, kept] * scale)).astype(np.float32)
        words = max(1, min(words, len(patches) // _FEW))
        start = MiniBatchKMeans(words, batch_size=4096, n_init=1, random_state=seed).fit(projected)
        mixture = GaussianMixture(
            words,
            covariance_type="diag",
            means_init=start.cluster_centers_,
            init_params="k-means++",
            reg_covar=1e-2 * float(projected.var()) + 1e-9,  # flat grounds are told from each other by noise alone
            max_iter=6,
            random_state=seed,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # the words need not be perfect
            mixture.fit(projected)
        parts = (mean, axes[:, kept] * scale, mixture.weights_, mixture.means_, mixture.covariances_)
        return cls(*(np.ascontiguousarray(part, dtype=np.float32) for part in parts))

    def encode(self, patches: Matrix, *, importance: Vector) -> Vector:
        """The Fisher vector [dimensions] of patches [n, D], each counted by its `importance` [n].

        Signed square roots, then length 1 (0 where nothing differs).
        """
        x = ((patches - self.mean) @ self.axes).astype(np.float32, copy=False)
        share = self._shares(x) * (importance / importance.sum())[:, None]
        total = share.sum(axis=0)[:, None]
        first, second = share.T @ x, share.T @ (x * x)
        centres, variances, weights = self.centres, self.variances, self.weights[:, None]
        shift = (first - total * centres) / np.sqrt(variances * weights)
        spread = (second - 2 * first * centres + total * centres**2) / variances - total
        vector = np.concatenate([shift.ravel(), (spread / np.sqrt(2 * weights)).ravel()])
        rooted = np.sign(vector) * np.sqrt(np.abs(vector))
        unit: Vector = (rooted / max(float(np.linalg.norm(rooted)), 1e-12)).astype(np.float32)
        return unit

    def arrays(self) -> dict[str, npt.NDArray[np.float32]]:
        """Everything it is made of, by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def _shares(self, x: Matrix) -> Matrix:
        """How much each patch belongs to each word, shape [patches, words]; rows add up to about 1."""
        precise = 1 / self.variances
        fixed = np.log(self.weights) - 0.5 * (np.log(self.variances) + self.centres**2 * precise).sum(axis=1)
        likely = x @ (self.centres * precise).T - 0.5 * ((x * x) @ precise.T) + fixed
        share: Matrix = np.exp(likely - likely.max(axis=1, keepdims=True))
        share /= share.sum(axis=1, keepdims=True)
        share[share < _NEGLIGIBLE] = 0
        return share
