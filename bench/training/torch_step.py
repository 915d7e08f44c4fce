"""Times training steps in PyTorch eager on one thread: the other side of bench/training-step.ts.

usage: python torch_step.py FOLDER        (FOLDER/case.json and the arrays that it names, written by the benchmark)

Forward, backward and AdamW on the same parameters and the same batch; prints JSON: loss of the first step and
CPU milliseconds of each measured step.
"""
import json
import math
import pathlib
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F

torch.set_num_threads(1)
FOLDER = pathlib.Path(sys.argv[1])
CASE = json.loads((FOLDER / "case.json").read_text())


def load(entry):
    kind = np.int64 if entry["type"] == "int64" else np.float32
    return torch.from_numpy(np.fromfile(FOLDER / entry["file"], kind).reshape(entry["shape"]))


FEEDS = {name: load(entry) for name, entry in CASE["feeds"].items()}
THETA = FEEDS.pop("theta")
P = {
    block["name"]: torch.nn.Parameter(THETA[block["from"] : block["to"]].reshape(block["shape"]).clone())
    for block in CASE["blocks"]
}


def gather(x, index, padding):
    """x[..., index], where index = length reads the padding; index has rank 1 or x's rank."""
    padded = F.pad(x, (0, 1), value=padding)
    return padded[..., index] if index.dim() == 1 else padded.gather(-1, index)


def log_softmax_per_question(logits, questions, width, forward, inverse):
    cells = gather(logits, forward, -1e30).reshape(*logits.shape[:-1], questions, width)
    normal = torch.log_softmax(cells, -1).reshape(*logits.shape[:-1], questions * width)
    return gather(normal, inverse, 0.0)


def gpo_loss():
    c = CASE["configuration"]
    width, heads = c["width"], c["heads"]
    b, t = FEEDS["shown"].shape
    linear = lambda x, name: F.linear(x, P[f"{name}.weight"].T, P[f"{name}.bias"])
    norm = lambda x, name: F.layer_norm(x, (width,), P[f"{name}.scale"], P[f"{name}.shift"])
    x = torch.cat([FEEDS["table"][FEEDS["rows"]], FEEDS["shown"][..., None], FEEDS["asked"][..., None]], -1)
    x = linear(F.gelu(linear(x, "embed.0")), "embed.1")
    allowed = FEEDS["context"].bool()[:, None, None, :] | torch.eye(t, dtype=torch.bool)[None, None]
    cut = lambda part: part.reshape(b, t, heads, width // heads).transpose(1, 2)
    for i in range(c["layers"]):
        own = f"layer.{i}"
        bias = torch.cat([P[f"{own}.attention.query.bias"], torch.zeros(width), P[f"{own}.attention.value.bias"]])
        q, k, v = F.linear(norm(x, f"{own}.attention.norm"), P[f"{own}.attention.weight"].T, bias).chunk(3, -1)
        mixed = F.scaled_dot_product_attention(cut(q), cut(k), cut(v), attn_mask=allowed)
        x = x + linear(mixed.transpose(1, 2).reshape(b, t, width), f"{own}.attention.output")
        x = x + linear(F.gelu(linear(norm(x, f"{own}.forward.norm"), f"{own}.forward.0")), f"{own}.forward.1")
    scores = linear(F.gelu(linear(norm(x, "norm"), "head.0")), "head.1")[..., 0]
    layout = CASE["layout"]
    shares = log_softmax_per_question(scores, layout["questions"], layout["width"], FEEDS["forward"], FEEDS["inverse"])
    loss = -(FEEDS["targets"] * shares).sum()
    return loss, loss


def tilt_loss():
    c = CASE["configuration"]
    latent, layout = c["latent"], CASE["layout"]
    normal = lambda x: log_softmax_per_question(x, layout["questions"], layout["width"], FEEDS["forward"], FEEDS["inverse"])
    hidden = F.relu(F.linear(FEEDS["features"], P["hidden.weight"].T, P["hidden.bias"]))
    output = F.linear(hidden, P["output.weight"].T, P["output.bias"]) + P["option"]
    z, weight = output[:, :latent], output[:, latent].exp()
    base = normal(FEEDS["anchor"]).exp()
    log_base = (base + 1e-6).log()
    products = (z[:, :, None] * z[:, None, :]).reshape(-1, latent * latent)
    ridge = P["log-penalty"].exp()
    evidence = FEEDS["shown"] * weight
    group, shares = torch.zeros(len(evidence), latent), base
    for _ in range(c["scoringSteps"]):
        score = (evidence * (FEEDS["answers"] - shares)) @ z - ridge * group
        information = ((evidence * shares) @ products).reshape(-1, latent, latent) + ridge * torch.eye(latent)
        group = group + torch.linalg.solve(information, score)
        log_shares = normal(log_base + group @ z.T)
        shares = log_shares.exp()
    loss = -(FEEDS["targets"] * log_shares).sum()
    return loss, loss - (FEEDS["member"] * normal(P["base"])).sum()


def main():
    loss_of = {"gpo": gpo_loss, "tilt": tilt_loss}[CASE["configuration"]["name"]]
    rate, prior_rate = CASE["learningRate"], CASE["priorLearningRate"]
    groups = [{"params": [p for name, p in P.items() if name != "base"]}]
    optimizer = torch.optim.AdamW(groups, lr=rate, weight_decay=0.0)
    times, first = [], None
    for step in range(CASE["warmup"] + CASE["steps"]):
        start = time.process_time()
        optimizer.zero_grad()
        loss, total = loss_of()
        total.backward()
        optimizer.step()
        if "base" in P:
            with torch.no_grad():
                P["base"] -= prior_rate * P["base"].grad
            P["base"].grad = None
        first = loss.item() if first is None else first
        if step >= CASE["warmup"]:
            times.append((time.process_time() - start) * 1000)
    print(json.dumps({"loss": first, "milliseconds": times, "version": torch.__version__}))


main()
