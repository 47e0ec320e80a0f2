#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Unit vectors for the PTX executor: expected results by exact rational and integer arithmetic, from the text of the
ISA, independent of the executor. Prints: form, signature, up to four operands, result (hexadecimal), tab-separated."""
from fractions import Fraction as Q
from math import isqrt
import random

random.seed(20240611)
FMT = {"f16": (11, -24, 15, 16), "bf16": (8, -133, 127, 16), "f32": (24, -149, 127, 32), "f64": (53, -1074, 1023, 64)}
NAN = {"f16": 0x7FFF, "bf16": 0x7FFF, "f32": 0x7FFFFFFF, "f64": 0x7FFFFFFFFFFFFFFF}
RND = ["rn", "rz", "rm", "rp"]


def unpack(t, b):
    """('nan',), ('inf', sign), or ('num', sign, exact value)"""
    p, lo, hi, w = FMT[t]
    sign, e, f = b >> (w - 1), b >> (p - 1) & ((1 << (w - p)) - 1), b & ((1 << (p - 1)) - 1)
    if e == (1 << (w - p)) - 1:
        return ("nan",) if f else ("inf", sign)
    m, x = (f | 1 << (p - 1), e - 1) if e else (f, 0)
    v = Q(m) * Q(2) ** (lo + x)
    return ("num", sign, -v if sign else v)


def floor_log2(v):
    n = v.numerator.bit_length() - v.denominator.bit_length()
    return n if Q(2) ** n <= v else n - 1


def round_int(v, mode):
    """integer nearest to the non-negative rational v; mode for magnitudes: near, down, up"""
    n, rest = v.numerator // v.denominator, v - v.numerator // v.denominator
    if mode == "near":
        return n + (rest > Q(1, 2) or (rest == Q(1, 2) and n % 2 == 1))
    return n + (mode == "up" and rest > 0)


def magnitude_mode(mode, sign):
    return {"rn": "near", "rz": "down", "rm": "up" if sign else "down", "rp": "down" if sign else "up"}[mode]


def pack(t, v, mode, zero_sign=0):
    p, lo, hi, w = FMT[t]
    sign = zero_sign if v == 0 else int(v < 0)
    a, top = abs(v), ((1 << (w - p)) - 1) << (p - 1)
    if a == 0:
        return sign << (w - 1)
    e = max(floor_log2(a) - p + 1, lo)
    m = round_int(a / Q(2) ** e, magnitude_mode(mode, sign))
    if m == 1 << p:
        m, e = m // 2, e + 1
    if e + p - 1 > hi:
        away = magnitude_mode(mode, sign) in ("near", "up")
        return sign << (w - 1) | (top if away else top - 1)
    return sign << (w - 1) | ((e - lo + 1 << (p - 1) | m - (1 << (p - 1))) if m >> (p - 1) else m)


def inf(t, sign):
    p, lo, hi, w = FMT[t]
    return sign << (w - 1) | ((1 << (w - p)) - 1) << (p - 1)


def add(t, x, y, mode):
    a, b = unpack(t, x), unpack(t, y)
    if "nan" in (a[0], b[0]) or (a[0] == b[0] == "inf" and a[1] != b[1]):
        return NAN[t]
    if "inf" in (a[0], b[0]):
        return inf(t, a[1] if a[0] == "inf" else b[1])
    zero = a[1] if a[1] == b[1] else int(mode == "rm")
    return pack(t, a[2] + b[2], mode, zero)


def neg(t, x):
    return x ^ 1 << (FMT[t][3] - 1)


def mul(t, x, y, mode):
    a, b = unpack(t, x), unpack(t, y)
    if "nan" in (a[0], b[0]):
        return NAN[t]
    sign = a[1] ^ b[1]
    if "inf" in (a[0], b[0]):
        return NAN[t] if (a[0] == "num" and a[2] == 0) or (b[0] == "num" and b[2] == 0) else inf(t, sign)
    return pack(t, a[2] * b[2], mode, sign)


def fma(t, x, y, z, mode):
    a, b, c = (unpack(t, v) for v in (x, y, z))
    if "nan" in (a[0], b[0], c[0]):
        return NAN[t]
    sign = a[1] ^ b[1]
    if "inf" in (a[0], b[0]):
        if (a[0] == "num" and a[2] == 0) or (b[0] == "num" and b[2] == 0) or (c[0] == "inf" and c[1] != sign):
            return NAN[t]
        return inf(t, sign)
    if c[0] == "inf":
        return inf(t, c[1])
    product = a[2] * b[2]
    zero = sign if (product == 0 and c[2] == 0 and sign == c[1]) else int(mode == "rm")
    return pack(t, product + c[2], mode, zero)


def div(t, x, y, mode):
    a, b = unpack(t, x), unpack(t, y)
    if "nan" in (a[0], b[0]) or a[0] == b[0] == "inf":
        return NAN[t]
    sign = a[1] ^ b[1]
    if a[0] == "inf":
        return inf(t, sign)
    if b[0] == "inf":
        return sign << (FMT[t][3] - 1)
    if b[2] == 0:
        return NAN[t] if a[2] == 0 else inf(t, sign)
    return pack(t, a[2] / b[2], mode, sign)


def sqrt(t, x, mode):
    a = unpack(t, x)
    if a[0] == "nan" or (a[0] == "inf" and a[1]) or (a[0] == "num" and a[2] < 0):
        return NAN[t]
    if a[0] == "inf" or a[2] == 0:
        return x
    scale = 1 << 1400      # a square root that is not a dyadic rational of this size is no tie either
    n = a[2] * scale * scale
    r = isqrt(n.numerator // n.denominator)
    exact = Q(r * r) == n
    return pack(t, Q(r, scale) if exact else Q(2 * r + 1, 2 * scale), mode)


def minmax(t, x, y, is_max):
    a, b = unpack(t, x), unpack(t, y)
    if a[0] == "nan":
        return NAN[t] if b[0] == "nan" else y
    if b[0] == "nan":
        return x
    key = lambda u: (Q(10) ** 400 * (-1 if u[1] else 1), 0) if u[0] == "inf" else (u[2], 1 - u[1])
    return (x if key(a) >= key(b) else y) if is_max else (x if key(a) <= key(b) else y)


def compare(t, x, y, op):
    a, b = unpack(t, x), unpack(t, y)
    unordered = "nan" in (a[0], b[0])
    if op in ("num", "nan"):
        return int(unordered == (op == "nan"))
    if unordered:
        return int(len(op) == 3)
    value = lambda u: Q(10) ** 400 * (-1 if u[1] else 1) if u[0] == "inf" else u[2]
    p, q = value(a), value(b)
    return int({"eq": p == q, "ne": p != q, "lt": p < q, "le": p <= q, "gt": p > q, "ge": p >= q}[op[:2]])


def width(t):
    return int("".join(c for c in t if c.isdigit()))


def mask(v, w):
    return v & ((1 << w) - 1)


def signed(v, w):
    v = mask(v, w)
    return v - (1 << w) if v >> (w - 1) else v


def clamp(v, t):
    w = width(t)
    lo, hi = (-(1 << (w - 1)), (1 << (w - 1)) - 1) if t[0] == "s" else (0, (1 << w) - 1)
    return mask(max(lo, min(hi, v)), w)


def to_int(v, mode):
    n = round_int(abs(v), magnitude_mode(mode, v < 0))
    return -n if v < 0 else n


def cvt(to, frm, x, mode, sat=False):
    if frm in FMT:
        a = unpack(frm, x)
        if to in FMT:
            if sat:
                if a[0] == "nan" or (a[0] == "inf" and a[1]) or (a[0] == "num" and a[2] <= 0):
                    return 0
                if a[0] == "inf" or a[2] >= 1:
                    return pack(to, Q(1), "rn")
            if a[0] == "nan":
                return NAN[to]
            if a[0] == "inf":
                return inf(to, a[1])
            v = a[2]
            if mode and mode.endswith("i"):
                v = Q(to_int(v, mode[:2]))
                mode = "rn"
            return pack(to, v, mode or "rn", a[1])
        if a[0] == "nan":
            return 0 if frm != "f64" and width(to) != 64 else 1 << (width(to) - 1)
        if a[0] == "inf":
            return clamp((-1 if a[1] else 1) << 200, to)
        return clamp(to_int(a[2], mode[:2]), to)
    v = signed(x, width(frm)) if frm[0] == "s" else mask(x, width(frm))
    if to in FMT:
        return pack(to, Q(v), mode)
    return clamp(v, to) if sat else mask(v, width(to))


def specials(t):
    p, lo, hi, w = FMT[t]
    one, top = pack(t, Q(1), "rn"), inf(t, 0)
    base = [0, 1, 2, (1 << (p - 1)) - 1, 1 << (p - 1), (1 << (p - 1)) + 1, one - 1, one, one + 1, top - 1, top,
            top + 1, top | 1 << (p - 2), pack(t, Q(2), "rn"), pack(t, Q(3), "rn"), pack(t, Q(1, 3), "rn"),
            pack(t, Q(5, 2), "rn"), pack(t, Q(7, 2), "rn"), pack(t, Q(2) ** (p - 1) + Q(1), "rn"), pack(t, Q(1, 2), "rn")]
    return base + [b | 1 << (w - 1) for b in base]


def random_bits(t):
    p, lo, hi, w = FMT[t]
    e = random.choice([random.randrange((1 << (w - p)) - 1), pack(t, Q(1), "rn") >> (p - 1), (pack(t, Q(1), "rn") >> (p - 1)) + random.randrange(-3, 4)])
    return random.getrandbits(1) << (w - 1) | e << (p - 1) | random.getrandbits(p - 1)


def row(form, signature, inputs, result, outw):
    print("\t".join([form, signature] + ["%x" % v for v in inputs] + ["-"] * (4 - len(inputs)) + ["%x" % mask(result, outw)]))


def float_rows():
    for t in ("f32", "f64"):
        w, sp = FMT[t][3], specials(t)
        pick = lambda: random.choice(sp) if random.random() < 0.6 else random_bits(t)
        for mode in RND:
            for op, f in (("add", add), ("sub", lambda t, x, y, m: add(t, x, neg(t, y), m)), ("mul", mul), ("div", div)):
                for k in range(40):
                    x, y = pick(), pick()
                    row(f"{op}.{mode}.{t}", f"{t}={t},{t}", [x, y], NAN[t] if unpack(t, x)[0] == "nan" or unpack(t, y)[0] == "nan" else f(t, x, y, mode), w)
            for k in range(60):
                v = [pick() for _ in range(3)]
                if k % 3 == 0:      # cancellation: c = -round(a*b)
                    v[2] = neg(t, mul(t, v[0], v[1], "rn"))
                row(f"fma.{mode}.{t}", f"{t}={t},{t},{t}", v, fma(t, *v, mode), w)
            for x in sp + [random_bits(t) for _ in range(10)]:
                row(f"sqrt.{mode}.{t}", f"{t}={t}", [x], sqrt(t, x, mode), w)
            for x in sp[::2] + [random_bits(t) for _ in range(10)]:
                row(f"rcp.{mode}.{t}", f"{t}={t}", [x], div(t, pack(t, Q(1), "rn"), x, mode), w)
        for k in range(60):
            x, y = random.choice(sp), random.choice(sp)
            row(f"max.{t}", f"{t}={t},{t}", [x, y], minmax(t, x, y, True), w)
            row(f"min.{t}", f"{t}={t},{t}", [x, y], minmax(t, x, y, False), w)
            row(f"copysign.{t}", f"{t}={t},{t}", [x, y], mask(y, w - 1) | x >> (w - 1) << (w - 1), w)
        for op in "eq ne lt le gt ge equ neu ltu leu gtu geu num nan".split():
            for k in range(12):
                x, y = random.choice(sp), random.choice(sp)
                row(f"setp.{op}.{t}", f"pred={t},{t}", [x, y if k % 3 else x], compare(t, x, y if k % 3 else x, op), 1)
        for x in sp[::3]:
            a = unpack(t, x)
            number = a[0] != "nan"
            row(f"neg.{t}", f"{t}={t}", [x], neg(t, x) if number else NAN[t], w)
            row(f"abs.{t}", f"{t}={t}", [x], mask(x, w - 1) if number else NAN[t], w)
            e, p = mask(x, w - 1) >> (FMT[t][0] - 1), FMT[t][0]
            normal = e not in (0, (1 << (w - p)) - 1)
            for name, truth in (("finite", a[0] == "num"), ("infinite", a[0] == "inf"), ("number", number),
                                ("notanumber", not number), ("normal", normal), ("subnormal", e == 0 and mask(x, w - 1) != 0)):
                row(f"testp.{name}.{t}", f"pred={t}", [x], int(truth), 1)


def convert_rows():
    ints = ["u8", "s8", "u16", "s16", "u32", "s32", "u64", "s64"]
    regs = lambda t: t if t not in ("u8", "s8") else t[0] + "16"
    for t in ("f32", "f64"):
        edge = [pack(t, Q(s) * (Q(2) ** e + d), "rn") for s in (1, -1) for e in (7, 8, 15, 16, 31, 32, 63, 64) for d in (-1, Q(-1, 2), 0, Q(1, 2))]
        for to in ints[2:]:
            for mode in RND:
                for x in random.sample(specials(t), 6) + random.sample(edge, 8):
                    row(f"cvt.{mode}i.{to}.{t}", f"{to}={t}", [x], cvt(to, t, x, mode), width(to))
        for frm in ints[2:]:
            w = width(frm)
            for mode in RND:
                for x in random.sample([0, 1, (1 << w) - 1, 1 << (w - 1), (1 << (w - 1)) - 1, (1 << w) - 2], 3) + [random.getrandbits(w) for _ in range(4)]:
                    row(f"cvt.{mode}.{t}.{frm}", f"{t}={frm}", [x], cvt(t, frm, x, mode), FMT[t][3])
        for mode in RND:
            for x in random.sample(specials(t), 16) + random.sample(edge, 8):
                row(f"cvt.{mode}i.{t}.{t}", f"{t}={t}", [x], cvt(t, t, x, mode + "i"), FMT[t][3])
        for x in random.sample(specials(t), 16):
            row(f"cvt.sat.{t}.{t}", f"{t}={t}", [x], cvt(t, t, x, None, True), FMT[t][3])
    for x in specials("f32"):
        row("cvt.f64.f32", "f64=f32", [x], cvt("f64", "f32", x, None), 64)
    ties = {to: [pack("f64", Q(2) ** e * (1 + Q(2 * k + 1, 2 ** FMT[to][0])), "rn") for e in (0, -10, 5) for k in (0, 1, 2, 3)] for to in ("f32", "f16", "bf16")}
    for mode in RND:
        small = [pack("f64", Q(m) * Q(2) ** e, "rn") for m in (1, 3, 5) for e in (-149, -150, -151, -25, -24, -134)]
        for x in random.sample(specials("f64"), 12) + ties["f32"] + small + [random_bits("f64") for _ in range(6)]:
            row(f"cvt.{mode}.f32.f64", "f32=f64", [x], cvt("f32", "f64", x, mode), 32)
    for to in ("f16", "bf16"):
        for mode in ("rn", "rz"):
            for x in specials("f32") + [cvt("f32", "f64", v, "rn") for v in ties[to]] + [random_bits("f32") for _ in range(8)]:
                row(f"cvt.{mode}.{to}.f32", f"{to}=f32", [x], cvt(to, "f32", x, mode), 16)
        for x in specials("f64")[::2] + ties[to]:
            row(f"cvt.rn.{to}.f64", f"{to}=f64", [x], cvt(to, "f64", x, "rn"), 16)
        for x in specials(to):
            row(f"cvt.f32.{to}", f"f32={to}", [x], cvt("f32", to, x, None), 32)
            row(f"cvt.f64.{to}" if to == "f16" else f"cvt.f32.{to}", f"f64={to}" if to == "f16" else f"f32={to}", [x], cvt("f64" if to == "f16" else "f32", to, x, None), 64)
    for to in ints[2:]:
        for frm in ints:
            if width(frm) == width(to) and frm[0] == to[0]:
                continue
            for x in [0, (1 << width(frm)) - 1, 1 << (width(frm) - 1), random.getrandbits(width(frm))]:
                row(f"cvt.{to}.{frm}", f"{to}={regs(frm)}", [x], cvt(to, frm, x, None), width(to))
                if width(to) != width(frm) or to[0] != frm[0]:
                    row(f"cvt.sat.{to}.{frm}", f"{to}={regs(frm)}", [x], cvt(to, frm, x, None, True), width(to))


def bfe(a, b, c, w, s):
    p, n = b & 255, c & 255
    sbit = 0 if not s or n == 0 else a >> min(p + n - 1, w - 1) & 1
    return sum((a >> (p + k) & 1 if k < n and p + k < w else sbit) << k for k in range(w))


def bfi(a, b, c, d, w):
    p, n = c & 255, d & 255
    for k in range(w):
        if k < n and p + k < w:
            b = b & ~(1 << (p + k)) | (a >> k & 1) << (p + k)
    return b


def prmt(a, b, c):
    pool, r = b << 32 | a, 0
    for k in range(4):
        s = c >> 4 * k & 15
        byte = pool >> 8 * (s & 7) & 255
        r |= (255 * (byte >> 7) if s & 8 else byte) << 8 * k
    return r


def bfind(a, w, s, shift):
    if s and a >> (w - 1):
        a = mask(~a, w)
    return 0xFFFFFFFF if a == 0 else w - a.bit_length() if shift else a.bit_length() - 1


def integer_rows():
    for w in (16, 32, 64):
        vals = [0, 1, 2, 3, (1 << w) - 1, 1 << (w - 1), (1 << (w - 1)) - 1, (1 << w) - 2]
        pick = lambda: random.choice(vals) if random.random() < 0.5 else random.getrandbits(w)
        for s in "us":
            t = f"{s}{w}"
            val = (lambda v: signed(v, w)) if s == "s" else (lambda v: v)
            trunc = lambda a, b: abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
            ops = {"add": lambda a, b: a + b, "sub": lambda a, b: a - b, "mul.lo": lambda a, b: a * b, "mul.hi": lambda a, b: a * b >> w,
                   "min": min, "max": max, "div": trunc, "rem": lambda a, b: a - trunc(a, b) * b}
            for op, f in ops.items():
                for _ in range(10):
                    x, y = pick(), pick()
                    if op in ("div", "rem") and y == 0:
                        y = 3
                    row(f"{op}.{t}", f"{t}={t},{t}", [x, y], f(val(x), val(y)), w)
            for op in ("eq", "ne", "lt", "le", "gt", "ge"):
                for _ in range(6):
                    x, y = pick(), pick()
                    truth = {"eq": x == y, "ne": x != y, "lt": val(x) < val(y), "le": val(x) <= val(y), "gt": val(x) > val(y), "ge": val(x) >= val(y)}[op]
                    row(f"setp.{op}.{t}", f"pred={t},{t}", [x, y], int(truth), 1)
            for _ in range(10):
                x, n = pick(), random.choice([0, 1, 5, w - 1, w, w + 1, 255, 0xFFFFFFFF])
                row(f"shr.{t}", f"{t}={t},u32", [x, n], val(x) >> min(n, 200), w)
            if w < 64:
                for _ in range(8):
                    x, y, z = pick(), pick(), random.getrandbits(2 * w)
                    row(f"mul.wide.{t}", f"{s}{2*w}={t},{t}", [x, y], val(x) * val(y), 2 * w)
                    row(f"mad.wide.{t}", f"{s}{2*w}={t},{t},{s}{2*w}", [x, y, z], val(x) * val(y) + z, 2 * w)
            for _ in range(8):
                x, y, z = pick(), pick(), pick()
                row(f"mad.lo.{t}", f"{t}={t},{t},{t}", [x, y, z], val(x) * val(y) + val(z), w)
                if w > 16:
                    row(f"mad.hi.{t}", f"{t}={t},{t},{t}", [x, y, z], (val(x) * val(y) >> w) + z, w)
                    p, n = random.choice([0, 1, 7, w - 1, w, 200]), random.choice([0, 1, 8, w, 255])
                    row(f"bfe.{t}", f"{t}={t},u32,u32", [x, p, n], bfe(x, p, n, w, s == "s"), w)
                    row(f"bfind.{t}", f"u32={t}", [x], bfind(x, w, s == "s", False), 32)
                    row(f"bfind.shiftamt.{t}", f"u32={t}", [x], bfind(x, w, s == "s", True), 32)
                if w == 32:
                    row(f"sad.{t}", f"{t}={t},{t},{t}", [x, y, z], abs(val(x) - val(y)) + z, w)
            if s == "s":
                for x in vals:
                    row(f"abs.{t}", f"{t}={t}", [x], abs(val(x)), w)
                    row(f"neg.{t}", f"{t}={t}", [x], -val(x), w)
        b = f"b{w}"
        for _ in range(6):
            x, y = pick(), pick()
            row(f"and.{b}", f"{b}={b},{b}", [x, y], x & y, w)
            row(f"or.{b}", f"{b}={b},{b}", [x, y], x | y, w)
            row(f"xor.{b}", f"{b}={b},{b}", [x, y], x ^ y, w)
            row(f"not.{b}", f"{b}={b}", [x], ~x, w)
            n = random.choice([0, 1, 5, w - 1, w, w + 1, 0xFFFFFFFF])
            row(f"shl.{b}", f"{b}={b},u32", [x, n], x << min(n, 200), w)
            if w > 16:
                row(f"popc.{b}", f"u32={b}", [x], bin(x).count("1"), 32)
                row(f"clz.{b}", f"u32={b}", [x], w - x.bit_length(), 32)
                row(f"brev.{b}", f"{b}={b}", [x], int(format(x, f"0{w}b")[::-1], 2), w)
                p, n = random.choice([0, 1, 7, w - 1, w, 200]), random.choice([0, 1, 8, w, 255])
                row(f"bfi.{b}", f"{b}={b},{b},u32,u32", [x, y, p, n], bfi(x, y, p, n, w), w)
    for _ in range(12):
        x, y, c = (random.getrandbits(32) for _ in range(3))
        row("prmt.b32", "b32=b32,b32,b32", [x, y, c & 0xFFFF], prmt(x, y, c), 32)
        table = random.getrandbits(8)
        lop = sum((table >> ((x >> k & 1) << 2 | (y >> k & 1) << 1 | c >> k & 1) & 1) << k for k in range(32))
        row("lop3.b32", "b32=b32,b32,b32,u32", [x, y, c, table], lop, 32)
        n = random.choice([0, 1, 7, 31, 32, 33, 100])
        pair = y << 32 | x
        row("shf.l.wrap.b32", "b32=b32,b32,u32", [x, y, n], pair << (n & 31) >> 32, 32)
        row("shf.r.wrap.b32", "b32=b32,b32,u32", [x, y, n], pair >> (n & 31), 32)
        row("shf.l.clamp.b32", "b32=b32,b32,u32", [x, y, n], pair << min(n, 32) >> 32, 32)
        row("shf.r.clamp.b32", "b32=b32,b32,u32", [x, y, n], pair >> min(n, 32), 32)
        for t in ("b32", "b64", "f32", "f64", "u32", "s64"):
            row(f"selp.{t}", f"{t}={t},{t},pred", [x, y, c & 1], x if c & 1 else y, width(t))


def flush(x):
    return x & 0x80000000 if x & 0x7F800000 == 0 else x


def flushed(f, v):
    return flush(f(*[flush(x) for x in v]))


def number_or_nan(v):
    return NAN["f32"] if any(unpack("f32", x)[0] == "nan" for x in v) else None


def f32_rows():
    """Forms of float32 alone: .ftz, no rounding named, .NaN, three operands, pairs, pairs of halves."""
    t, sp = "f32", specials("f32")
    tiny = [1, 0x80000001, 0x7FFFFF, 0x807FFFFF, 0x800000, 0x80800000, 0x1000000, 0x3F000000, 0x3F800000, 0xBF800001]
    pick = lambda: random.choice(tiny if random.random() < 0.5 else sp) if random.random() < 0.8 else random_bits(t)
    binary = {"add": add, "sub": lambda t, x, y, m: add(t, x, neg(t, y), m), "mul": mul, "div": div}
    for mode in RND:
        for op, f in binary.items():
            for _ in range(16):
                v = [pick(), pick()]
                row(f"{op}.{mode}.ftz.f32", "f32=f32,f32", v, flushed(lambda x, y: number_or_nan((x, y)) or f(t, x, y, mode), v), 32)
        for _ in range(16):
            v = [pick(), pick(), pick()]
            row(f"fma.{mode}.ftz.f32", "f32=f32,f32,f32", v, flushed(lambda x, y, z: fma(t, x, y, z, mode), v), 32)
            row(f"sqrt.{mode}.ftz.f32", "f32=f32", v[:1], flushed(lambda x: sqrt(t, x, mode), v[:1]), 32)
            row(f"rcp.{mode}.ftz.f32", "f32=f32", v[:1], flushed(lambda x: div(t, pack(t, Q(1), "rn"), x, mode), v[:1]), 32)
    for _ in range(12):
        for op in ("add", "sub", "mul"):
            f, v = binary[op], [pick(), pick()]
            plain = lambda x, y: number_or_nan((x, y)) or f(t, x, y, "rn")
            row(f"{op}.f32", "f32=f32,f32", v, plain(*v), 32)
            row(f"{op}.ftz.f32", "f32=f32,f32", v, flushed(plain, v), 32)
            d = [random.choice(specials("f64")) for _ in range(2)]
            nan = any(unpack("f64", x)[0] == "nan" for x in d)
            row(f"{op}.f64", "f64=f64,f64", d, NAN["f64"] if nan else f("f64", *d, "rn"), 64)
        for op, is_max in (("max", True), ("min", False)):
            v = [pick(), pick(), pick()]
            two = lambda x, y: minmax(t, x, y, is_max)
            row(f"{op}.ftz.f32", "f32=f32,f32", v[:2], flushed(two, v[:2]), 32)
            row(f"{op}.NaN.f32", "f32=f32,f32", v[:2], number_or_nan(v[:2]) or two(*v[:2]), 32)
            row(f"{op}.f32", "f32=f32,f32,f32", v, two(two(*v[:2]), v[2]), 32)
            row(f"{op}.NaN.f32", "f32=f32,f32,f32", v, number_or_nan(v) or two(two(*v[:2]), v[2]), 32)
        x = pick()
        row("neg.ftz.f32", "f32=f32", [x], number_or_nan([x]) or flushed(lambda a: neg(t, a), [x]), 32)
        row("abs.ftz.f32", "f32=f32", [x], number_or_nan([x]) or flushed(lambda a: mask(a, 31), [x]), 32)
        row("cvt.ftz.sat.f32.f32", "f32=f32", [x], flushed(lambda a: cvt(t, t, a, None, True), [x]), 32)
        row("cvt.ftz.f64.f32", "f64=f32", [x], cvt("f64", t, flush(x), None), 64)
        row("cvt.rn.ftz.f32.f64", "f32=f64", [cvt("f64", t, x, None)], flush(x) if unpack(t, x)[0] != "nan" else NAN[t], 32)
    for op in "eq ne lt gtu nan".split():
        for _ in range(8):
            v = [pick(), pick()]
            row(f"setp.{op}.ftz.f32", "pred=f32,f32", v, compare(t, flush(v[0]), flush(v[1]), op), 1)
    halves = lambda f, *v: sum(f(*[x >> 32 * h & 0xFFFFFFFF for x in v]) << 32 * h for h in (0, 1))
    pair = lambda: pick() << 32 | pick()
    for mode in RND:
        for _ in range(10):
            v = [pair(), pair(), pair()]
            for op in ("add", "sub", "mul"):
                f = lambda x, y: number_or_nan((x, y)) or binary[op](t, x, y, mode)
                row(f"{op}.{mode}.f32x2", "b64=b64,b64", v[:2], halves(f, *v[:2]), 64)
                row(f"{op}.{mode}.ftz.f32x2", "b64=b64,b64", v[:2], halves(lambda x, y: flushed(f, (x, y)), *v[:2]), 64)
            g = lambda x, y, z: fma(t, x, y, z, mode)
            row(f"fma.{mode}.f32x2", "b64=b64,b64,b64", v, halves(g, *v), 64)
            row(f"fma.{mode}.ftz.f32x2", "b64=b64,b64,b64", v, halves(lambda *x: flushed(g, x), *v), 64)
    for to in ("f16", "bf16"):
        for mode in ("rn", "rz"):
            for _ in range(12):
                x, y = pick(), pick()
                row(f"cvt.{mode}.{to}x2.f32", "b32=f32,f32", [x, y], cvt(to, t, x, mode) << 16 | cvt(to, t, y, mode), 32)
    for x in (0, 1, 0x80000000, 0xFFFFFFFF):
        row("cnot.b32", "b32=b32", [x], x == 0, 32)
    for w in (16, 32, 64):
        for _ in range(4):
            x = random.getrandbits(w)
            for k in "bus":
                row(f"mov.{k}{w}", f"{k}{w}={k}{w}", [x], x, w)
                row(f"selp.{k}{w}", f"{k}{w}={k}{w},{k}{w},pred", [x, ~x & (1 << w) - 1, x & 1], x if x & 1 else ~x, w)
                if k == "b":
                    row(f"shr.b{w}", f"b{w}=b{w},u32", [x, 3], x >> 3, w)
    for op, f in (("and", lambda x, y: x & y), ("or", lambda x, y: x | y), ("xor", lambda x, y: x ^ y)):
        for k in range(4):
            row(f"{op}.pred", "pred=pred,pred", [k & 1, k >> 1], f(k & 1, k >> 1), 1)
    for k in (0, 1):
        row("not.pred", "pred=pred", [k], 1 - k, 1)
        row("mov.pred", "pred=pred", [k], k, 1)
    for op in ("eq", "ne"):
        for w in (16, 32, 64):
            x = random.getrandbits(w)
            for y in (x, x ^ 1):
                row(f"setp.{op}.b{w}", f"pred=b{w},b{w}", [x, y], (x == y) == (op == "eq"), 1)
    for x in (1, 0x3F800000, 0xFF800000):
        row("mov.f32", "f32=f32", [x], x, 32)
        row("mov.f64", "f64=f64", [x << 32 | x], x << 32 | x, 64)


print("# Written by gpu/ptx/testdata/vectors.py: form, signature, operands, result")
float_rows()
convert_rows()
integer_rows()
f32_rows()
