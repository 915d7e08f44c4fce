import { fromBase58 } from "@plenary/protocol";
import { checkRegistrable } from "@plenary/training";
import { requireAuthority, requireKnownAuthority } from "../rounds/access/authority.ts";
import { newestMember } from "../rounds/access/members.ts";
import type { Context } from "../rounds/context.ts";
import { extendFederation } from "../rounds/federations/extend.ts";
import { extendQuestionnaire } from "../rounds/federations/extend-questionnaire.ts";
import { registerFederation, setPaused } from "../rounds/federations/register.ts";
import type { Evaluator } from "../rounds/lifecycle/evaluator.ts";
import { findFederation } from "../rounds/lookup.ts";
import { retryAll, viewOperations } from "../rounds/views/operations.ts";
import {
  viewFederation,
  viewMember,
  viewMembers,
  viewService,
} from "../rounds/views/view-federation.ts";
import { viewReward } from "../rounds/views/view-reward.ts";
import type { Handlers } from "./mount.ts";
import type { ReaderAccess } from "./reader-access.ts";
import { identityOf } from "./signed.ts";

type FederationHandlers = Pick<
  Handlers,
  | "serviceRead"
  | "federationList"
  | "federationRegister"
  | "federationCheck"
  | "federationRead"
  | "questionnaireExtend"
  | "federationExtend"
  | "federationPause"
  | "federationResume"
  | "operationsRead"
  | "operationsRetry"
  | "memberList"
  | "memberRead"
  | "rewardRead"
>;

export function federationHandlers(
  context: Context,
  { admit }: ReaderAccess,
  evaluator: Evaluator,
  maxBlobBytes: number,
): FederationHandlers {
  const { store } = context;
  return {
    serviceRead: async () => viewService(await identityOf(context)),
    federationList: async () => {
      const rows = await store.federations.all();
      return { federations: await Promise.all(rows.map((row) => viewFederation(context, row))) };
    },
    federationRegister: async ({ body, requester }) => {
      const { address, configuration } = body;
      return viewFederation(
        context,
        await registerFederation(context, evaluator, requester, address, configuration),
      );
    },
    federationCheck: async ({ body }) => {
      checkRegistrable(body.configuration, context.registries);
      return { ...viewService(await identityOf(context)), maxBlobBytes };
    },
    federationExtend: async ({ params, body, requester }) => {
      const { federation } = params;
      return viewFederation(
        context,
        await extendFederation(context, requester, federation, body.totalRounds),
      );
    },
    federationRead: async ({ params }) =>
      viewFederation(context, await findFederation(context, params.federation)),
    questionnaireExtend: async ({ params, body, requester }) =>
      viewFederation(
        context,
        await extendQuestionnaire(context, evaluator, requester, params.federation, body),
      ),
    federationPause: async ({ params, requester }) =>
      viewFederation(context, await setPaused(context, requester, params.federation, true)),
    federationResume: async ({ params, requester }) =>
      viewFederation(context, await setPaused(context, requester, params.federation, false)),
    operationsRead: async ({ params, requester }) => {
      const federation = await findFederation(context, params.federation);
      await requireKnownAuthority(context, federation, requester);
      return viewOperations(context, federation);
    },
    operationsRetry: async ({ params, requester }) => {
      const federation = await findFederation(context, params.federation);
      await requireAuthority(context, federation, requester);
      await retryAll(context, federation);
      return viewOperations(context, federation);
    },
    memberList: async ({ params, request, reply }) => {
      const federation = await findFederation(context, params.federation);
      await admit(request, reply, federation);
      return { members: await viewMembers(context, federation.address) };
    },
    memberRead: async ({ params, request, reply }) => {
      const federation = await findFederation(context, params.federation);
      const address = fromBase58(params.member);
      await admit(request, reply, federation, address);
      return viewMember(context, await newestMember(context, federation.address, address));
    },
    rewardRead: async ({ params, request, reply }) => {
      const federation = await findFederation(context, params.federation);
      await admit(request, reply, federation, fromBase58(params.member));
      return viewReward(context, federation, params.member);
    },
  };
}
