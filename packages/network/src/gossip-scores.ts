import type { GossipsubOpts } from '@libp2p/gossipsub';
import type { NetworkLimits } from './limits.ts';
import { TOPICS, topicName } from './topics.ts';

/** What one point of our own score is in gossip's: at -16 of ours gossip stops listening, just before the peer is disconnected. */
const OWN_WEIGHT = 10;
/** Score below which gossip neither tells nor asks a peer; does not publish to it; does not listen at all. */
const THRESHOLDS = { gossip: -40, publish: -80, graylist: -160 } as const;

/** Points of gossip's own score that are one of ours. */
const GOSSIP_SCALE = 16;

/** Gossip's own score, our part in it left out, in our points. */
export function gossipPart(gossipScore: number, own: number): number {
  return (gossipScore - OWN_WEIGHT * own) / GOSSIP_SCALE;
}

type ScoreParams = NonNullable<GossipsubOpts['scoreParams']>;
type TopicParams = NonNullable<ScoreParams['topics']>[string];

/**
 * The parameters of gossipsub v1.1's score (libp2p/specs, pubsub/gossipsub/gossipsub-v1.1.md, "Peer Scoring").
 *
 * Deliveries (P3) do not count: on a chain without transactions an honest peer has nothing to deliver. What is invalid (P4) counts by
 * squares: 20 for one, 180 for three. Time in the mesh and first deliveries give at most 6 a topic, so that a good past never outweighs
 * two invalid messages.
 */
export function gossipScoring(
  genesisHash: Uint8Array,
  { connections }: NetworkLimits,
  own: (id: string) => number,
): Pick<GossipsubOpts, 'scoreParams' | 'scoreThresholds'> {
  const topic: TopicParams = {
    topicWeight: 1,
    timeInMeshWeight: 0.01,
    timeInMeshQuantum: 1_000,
    timeInMeshCap: 300,
    firstMessageDeliveriesWeight: 0.1,
    firstMessageDeliveriesDecay: 0.9,
    firstMessageDeliveriesCap: 30,
    meshMessageDeliveriesWeight: 0,
    meshMessageDeliveriesDecay: 0.5,
    meshMessageDeliveriesCap: 1,
    meshMessageDeliveriesThreshold: 1,
    meshMessageDeliveriesWindow: 10,
    meshMessageDeliveriesActivation: 1_000,
    meshFailurePenaltyWeight: 0,
    meshFailurePenaltyDecay: 0.5,
    invalidMessageDeliveriesWeight: -20,
    invalidMessageDeliveriesDecay: 0.99,
  };
  return {
    scoreParams: {
      topics: Object.fromEntries(TOPICS.map((name) => [topicName(genesisHash, name), topic])),
      topicScoreCap: 36,
      appSpecificScore: own,
      appSpecificWeight: OWN_WEIGHT,
      IPColocationFactorWeight: -5,
      IPColocationFactorThreshold: connections.perAddress,
      IPColocationFactorWhitelist: new Set(connections.exemptAddresses),
      behaviourPenaltyWeight: -10,
      behaviourPenaltyThreshold: 6,
      behaviourPenaltyDecay: 0.9,
      decayInterval: 10_000,
      decayToZero: 0.01,
      retainScore: 600_000,
    },
    scoreThresholds: {
      gossipThreshold: THRESHOLDS.gossip,
      publishThreshold: THRESHOLDS.publish,
      graylistThreshold: THRESHOLDS.graylist,
      // Above what anybody can reach: nobody's word for other peers is taken.
      acceptPXThreshold: 1_000,
      opportunisticGraftThreshold: 1,
    },
  };
}
