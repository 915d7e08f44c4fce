import bs58 from "bs58";
import { method } from "./method.ts";
import { API_VERSION, CommitmentConfig } from "./params.ts";

/** Methods about the node itself: a cluster of one, without stake or inflation. */
export const CLUSTER_METHODS = [
  method("getHealth", {}, () => "ok"),
  method("getVersion", {}, () => ({ "solana-core": API_VERSION, "feature-set": 0 })),
  method("getGenesisHash", {}, (_, { bank }) => bank.genesisHash),
  method("getIdentity", {}, (_, { bank }) => ({ identity: bs58.encode(bank.faucet.address) })),
  method("getSlotLeader", { config: CommitmentConfig }, (_, { bank }) =>
    bs58.encode(bank.faucet.address),
  ),
  method("getClusterNodes", {}, (_, { bank }) => [
    {
      pubkey: bs58.encode(bank.faucet.address),
      gossip: null,
      tpu: null,
      rpc: null,
      version: API_VERSION,
      featureSet: 0,
      shredVersion: 0,
    },
  ]),
  method("getVoteAccounts", { config: CommitmentConfig }, () => ({ current: [], delinquent: [] })),
];
