"""Prompts between the contract and the model."""

from switchhook.voice.v1 import routing_prompt_pb2 as pb

from services.voice.routing.prompts import Prompt, PromptVariant


def prompt_in(asked: pb.RoutingPrompt) -> Prompt:
    """Return the prompt a request holds."""
    variants = (
        PromptVariant(each.language, each.text, each.named_text, each.audio_url)
        for each in asked.variants
    )
    return Prompt(asked.text, asked.named_text, asked.audio_url, tuple(variants))


def prompt_out(known: Prompt) -> pb.RoutingPrompt:
    """Return a prompt as the contract shows it."""
    return pb.RoutingPrompt(
        text=known.text,
        named_text=known.named_text,
        audio_url=known.audio_url,
        variants=[
            pb.PromptVariant(
                language=each.language,
                text=each.text,
                named_text=each.named_text,
                audio_url=each.audio_url,
            )
            for each in known.variants
        ],
    )


def optional_out(known: Prompt | None) -> pb.RoutingPrompt | None:
    """Return a prompt that may be absent as the contract shows it."""
    return None if known is None else prompt_out(known)
