"""The analyst's chat: understands a question, asks read-only tools, lets out checked sentences alone."""

from decisioning.chat.answer import Answer, answer
from decisioning.chat.memory import Memory
from decisioning.chat.question import MAX_QUESTION_CHARACTERS
from decisioning.chat.scene import Asking
from decisioning.chat.tools import Tools

__all__ = ["MAX_QUESTION_CHARACTERS", "Answer", "Asking", "Memory", "Tools", "answer"]
