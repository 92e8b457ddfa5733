"""Texts into chunks and chunks into vectors."""

from tasks.embedding.chunking import DocumentChunk, TextChunk, chunk_document, chunk_turn
from tasks.embedding.local import LocalEmbedder
from tasks.embedding.protocol import Batch, Embedder

__all__ = [
    "Batch",
    "DocumentChunk",
    "Embedder",
    "LocalEmbedder",
    "TextChunk",
    "chunk_document",
    "chunk_turn",
]
