import { described, object, oneOf, parameters, text, truth, u64 } from '../codec.ts';
import { filled } from '../example.ts';
import { method } from '../method.ts';
import { Hash, Height } from '../parts.ts';

const Subscription = described('Name of a subscription, of this socket only.', text(64));

/** The method name of notifications. */
export const NOTIFICATION = 'sero_subscription';

/** `params` of a notification: the chain has a new head. */
export const HeadNotification = object({
  subscription: Subscription,
  result: object({ height: Height, hash: Hash, time: described('Milliseconds since 1970.', u64) }),
});

/** Methods of a socket. */
export const subscriptionMethods = {
  sero_subscribe: method({
    summary: 'Subscribes to new heads.',
    description: `Each new head comes as a notification \`${NOTIFICATION}\` with params { subscription, result: { height, hash, time } }. To a reader that is slower than the chain only the latest head is sent: heights may jump, and never fall. One that stays slow is closed with code 4008.`,
    params: parameters({ topic: oneOf('heads') }),
    result: object({ subscription: Subscription }),
    errors: ['limit-exceeded'],
    transport: 'socket',
    example: { params: { topic: 'heads' }, result: { subscription: '0x1' } },
  }),

  sero_unsubscribe: method({
    summary: 'Ends a subscription.',
    params: parameters({ subscription: Subscription }),
    result: object({ ended: described('False where there was no such subscription.', truth) }),
    transport: 'socket',
    example: { params: { subscription: '0x1' }, result: { ended: true } },
  }),
} as const;

/** An example notification. */
export const NOTIFICATION_EXAMPLE = {
  subscription: '0x1',
  result: { height: 43n, hash: filled(32, 0x22), time: 1_767_225_605_000n },
};
