"""Between the contract of agents and offers and the model."""

from switchhook.voice.v1 import agent_pb2 as pb
from switchhook.voice.v1 import agent_service_pb2 as service_pb
from switchhook.voice.v1 import agent_view_pb2 as view_pb
from switchhook.voice.v1 import offer_pb2 as offer_pb
from switchhook.voice.v1.queue_entry_pb2 import QueueEntryKind

from chassis.times import timestamp
from services.voice.agents.model import Agent, Offer, Presence
from services.voice.agents.roster import AgentChange
from services.voice.agents.store import AgentFilter
from services.voice.queues.model import Entry


def agent_in(request: service_pb.CreateAgentRequest) -> Agent:
    """Read a new agent."""
    return Agent(
        agent_id=request.agent_id,
        display_name=request.display_name,
        address=request.address,
        skills=dict(request.skills.levels),
        queue_ids=frozenset(request.queues.queue_ids),
        capacity=request.capacity or 1,
    )


def change_in(request: service_pb.UpdateAgentRequest) -> AgentChange:
    """Read what to change of an agent."""
    return AgentChange(
        display_name=request.display_name if request.HasField("display_name") else None,
        address=request.address if request.HasField("address") else None,
        skills=dict(request.skills.levels) if request.HasField("skills") else None,
        queue_ids=list(request.queues.queue_ids) if request.HasField("queues") else None,
        capacity=request.capacity if request.HasField("capacity") else None,
    )


def presence_in(presence: pb.AgentPresence.ValueType) -> Presence | None:
    """Read a presence; None when it is not said."""
    if presence == pb.AGENT_PRESENCE_UNSPECIFIED:
        return None
    return Presence(pb.AgentPresence.Name(presence).removeprefix("AGENT_PRESENCE_"))


def filter_in(request: view_pb.ListAgentsRequest) -> AgentFilter:
    """Read which agents are wanted."""
    return AgentFilter(request.queue_id, presence_in(request.presence))


def agent_out(agent: Agent) -> pb.Agent:
    """Tell of an agent."""
    idle = agent.is_staffed and not agent.load
    return pb.Agent(
        agent_id=agent.agent_id,
        display_name=agent.display_name,
        address=agent.address,
        skills=agent.skills,
        queue_ids=sorted(agent.queue_ids),
        capacity=agent.capacity,
        presence=pb.AgentPresence.Value(f"AGENT_PRESENCE_{agent.presence.value}"),
        presence_time=timestamp(agent.presence_time),
        activity=_activity(agent),
        load=agent.load,
        wrap_up_until=timestamp(agent.wrap_up_until),
        idle_since=timestamp(agent.idle_since if idle else None),
        create_time=timestamp(agent.create_time),
        update_time=timestamp(agent.update_time),
    )


def _activity(agent: Agent) -> pb.AgentActivity.ValueType:
    if agent.wrap_up_until is not None:
        return pb.AGENT_ACTIVITY_WRAPPING_UP
    busy = agent.load >= agent.capacity
    return pb.AGENT_ACTIVITY_BUSY if busy else pb.AGENT_ACTIVITY_IDLE


def offer_out(offer: Offer, entry: Entry | None) -> offer_pb.Offer:
    """Tell of an offer and of what is offered."""
    told = offer_pb.Offer(
        offer_id=offer.offer_id,
        entry_id=offer.entry_id,
        queue_id=offer.queue_id,
        agent_id=offer.agent_id,
        state=offer_pb.OfferState.Value(f"OFFER_STATE_{offer.state.value}"),
        agent_leg_id=offer.leg_id,
        reason=offer.reason,
        create_time=timestamp(offer.create_time),
        lease_until=timestamp(offer.lease_until),
        answer_time=timestamp(offer.answer_time),
        connect_time=timestamp(offer.connect_time),
        end_time=timestamp(offer.end_time),
        wrap_up_until=timestamp(offer.wrap_up_end_time or offer.wrap_up_until),
        wrap_up_extended=offer.wrap_up_extended,
    )
    if entry is not None:
        told.kind = QueueEntryKind.Value(f"QUEUE_ENTRY_KIND_{entry.kind.value}")
        told.call_leg_id = entry.leg_id
        told.caller_number = entry.caller_number
        told.language = entry.language
        told.is_vip = entry.is_vip
    return told
