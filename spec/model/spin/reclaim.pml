/*
 * Reading, pinning, publishing, retiring and reclaiming, without deaths (docs/protocol.md, Read). Two
 * readers that never stop and two writers that take turns.
 *
 * A version is a record with two nodes, A and B; a commit replaces one of them and puts the old
 * one, beside whose reference stands its birth, on its own record's dead list. Freed memory is
 * marked and given out again at once, lowest first; a reader of a free or foreign cell breaks an
 * assertion.
 *
 * A step is one load or store of a shared word. Joined steps, and why they hide nothing:
 * - a look at a record and its nodes is joined to the reader's next load or store. A version is
 *   never given twice, so a freed cell is known for ever after: a later look sees no less.
 * - words that only the lock's owner looks at (links of the chain, which no reader follows; tag counts,
 *   stamps, dead lists, limbo, the allocator) change together with the owner's next store.
 * - all frees of a round are one step: in the middle of it readers find fewer free cells.
 * - the two writers have different work: one commits, one changes tags, prunes and reclaims. An
 *   owner keeps nothing from one turn to the next and readers do not look at the lock, so a commit
 *   that reclaims is a turn of the one and then of the other.
 *
 * Set from outside: LAST (versions are 0 ... LAST), NUMBERS (reads by version), TAGS (reads by tag
 * and changes of tags), SECOND_LOOK (a pinned reader also reads the present), MUTANT_...
 */
#ifndef LAST
#define LAST 3
#endif
#define READERS 2
#ifdef MUTANT_PIN_MOVED
#define PINS 2                  /* pin slots of a thread */
#else
#define PINS 1
#endif
#define PIN(me) pin[(me) * PINS + PINS - 1]

#define RECORDS (LAST + 1)      /* as many as versions: so that a full chain fits */
#define NODES (LAST + 2)
#define TAG_NODES 2
#ifndef RING
#define RING 3                  /* slots of the version ring; the window takes at most RING - 1 */
#endif

/* Values of a cell's version that are no versions. */
#define FREE 255
#define UNWRITTEN 254
/* References count from 1; 0 is nothing. Operation slots: */
#define IDLE 0
#define ALL 1
#define FROM(h) ((h) + 2)
/* The smallest hint, plus one: 0 is "everything", v + 1 is FROM(v). */
#define NO_HINT 255
#define LIMIT(slot) ((slot) - 1)
#ifdef MUTANT_ALL_IS_ZERO
#undef LIMIT
#define LIMIT(slot) ((slot) == ALL -> 1 : (slot) - 1)
#endif

byte current = 1, publishedLo, oldest, tagRoot;
byte ring[RING];
byte lock;

byte op[READERS], pin[READERS * PINS];

/* Records: version, predecessor, the two nodes, tags on it, stamp of the last scan. */
byte version[RECORDS + 1], prev[RECORDS + 1], nodeA[RECORDS + 1], nodeB[RECORDS + 1];
bit tagged[RECORDS + 1], stamped[RECORDS + 1];
/* Nodes: version they were born in; the record on whose dead list they are (0: none). */
byte birth[NODES + 1], deadOn[NODES + 1];
/* Tag nodes: the record the tag names; the version that was newest when it was unlinked. */
byte tagOf[TAG_NODES + 1], limbo[TAG_NODES + 1];

/* Of the lock's owner. */
byte limit, at, n, s, p, r, i;

/* ── Readers ─────────────────────────────────────────────────────────────────────────────────── */

#define NODE_ALIVE(i) (birth[i] <= want)      /* not free, written, and not of a later version */

/* The record that the reader has is alive and of the version it takes it for; so are its nodes. */
#define LOOK(record) \
  assert(version[record] == want); \
  assert(NODE_ALIVE(nodeA[record])); \
  assert(NODE_ALIVE(nodeB[record]))

/* Loads a reference; `want` is its version at this moment, for assertions only. */
#define TAKE(word) d_step { ref = word; want = version[ref] }

#ifdef TAGS
#define MAY_PIN(me) ((me) == 0)               /* to keep this one small */
#else
#define MAY_PIN(me) true
#endif

/* Ends a read that has found `ref`: with a look, or by settling while the operation slot covers. */
inline finish() {
  if
  :: true ->
     d_step { LOOK(ref); op[me] = IDLE; ref = 0; want = 0 }
  :: held == 0 && MAY_PIN(me) ->
     PIN(me) = ref;
     d_step { held = ref; heldWant = want; op[me] = IDLE; ref = 0; want = 0 }
  fi
}

inline readPresent() {
#ifdef MUTANT_HINT_LATE
  TAKE(current);
  hint = publishedLo;
  d_step { op[me] = FROM(hint); hint = 0 }
#else
  hint = publishedLo;
  d_step { op[me] = FROM(hint); hint = 0 }
  TAKE(current);
#endif
  finish()
}

/* "Hint v" is sound only for a v that is there (decision 15): see MUTANT_FUTURE_HINT. */
inline readNumber() {
  select(ask : 0 .. LAST);
#ifdef MUTANT_FUTURE_HINT
  op[me] = FROM(ask);
#else
  hint = publishedLo;
  if
  :: ask <= hint -> d_step { op[me] = FROM(ask); hint = 0 }
  :: d_step { op[me] = ALL; hint = 0 }
  fi;
#endif
  TAKE(current);
  d_step {
    assert(version[ref] == want);             /* the present record is covered by the hint */
    if
    :: oldest <= ask && ask <= version[ref] -> want = 0
    :: else -> op[me] = IDLE; ask = 0; ref = 0; want = 0
    fi
  }
  if
  :: ref != 0 ->
     ref = ring[ask % RING];
     d_step {
       if
       :: ref != 0 ->
          assert(version[ref] <= LAST);       /* a record taken from the ring is alive */
#ifdef MUTANT_RING_TRUSTED
          want = ask
#else
          if
          :: version[ref] == ask -> want = ask
          :: else -> op[me] = IDLE; ref = 0
          fi
#endif
       :: else -> op[me] = IDLE
       fi;
       ask = 0
     }
     if
     :: ref != 0 -> finish()
     :: else
     fi
  :: else
  fi
}

inline readTag() {
  op[me] = ALL;
  tag = tagRoot;
  if
  :: tag != 0 ->
     d_step {
       assert(tagOf[tag] != FREE);            /* the tag's node is alive */
       ref = tagOf[tag];
       want = version[ref];
       assert(want <= LAST);                  /* a tagged record is alive */
       tag = 0
     }
     finish()
  :: else -> op[me] = IDLE
  fi
}

proctype Reader(byte me) {
  byte hint, ref, want, ask, tag, held, heldWant;
end:
  do
#ifdef SECOND_LOOK
  :: readPresent()
#else
  :: held == 0 -> readPresent()
#endif
#ifdef NUMBERS
  :: held == 0 -> readNumber()
#endif
#ifdef TAGS
  :: me == 0 && held == 0 -> readTag()
#endif
  :: held != 0 ->
     /* Later, under the pin alone: the last look, then the release. */
#ifdef MUTANT_PIN_MOVED
     pin[me * PINS] = held;
     PIN(me) = 0;
     d_step { want = heldWant; LOOK(held); want = 0; pin[me * PINS] = 0; held = 0; heldWant = 0 }
#else
#ifdef MUTANT_UNPIN_EARLY
     PIN(me) = 0;
#endif
     d_step { want = heldWant; LOOK(held); want = 0; PIN(me) = 0; held = 0; heldWant = 0 }
#endif
  od
}

/* ── The lock's owner ────────────────────────────────────────────────────────────────────────── */

/* Private until CURRENT is stored: no reader has a reference. */
inline build() {
  d_step {
    n = 1; do :: version[n] != FREE -> n++ :: else -> break od;
    i = 1; do :: birth[i] != FREE -> i++ :: else -> break od;
    version[n] = version[current] + 1;
    prev[n] = current;
    nodeA[n] = nodeA[current];
    nodeB[n] = nodeB[current];
#ifdef MUTANT_PUBLISH_EARLY
    birth[i] = UNWRITTEN
#else
    birth[i] = version[n]
#endif
  }
  if
  :: d_step { deadOn[nodeA[n]] = n; nodeA[n] = i; i = 0 }
  :: version[n] > 1 ->                        /* at first the two are alike */
     d_step { deadOn[nodeB[n]] = n; nodeB[n] = i; i = 0 }
  fi
}

inline publish() {
#ifdef NUMBERS
  ring[version[n] % RING] = n;
#endif
#ifdef MUTANT_PUBLISHED_FIRST
  publishedLo = version[n];
#endif
  current = n;
#ifdef MUTANT_PUBLISH_EARLY
  d_step {
    for (i : 1 .. NODES) { if :: birth[i] == UNWRITTEN -> birth[i] = version[n] :: else fi }
    i = 0
  }
#endif
  d_step { publishedLo = version[n]; n = 0 }
}

/* Tags the present version or drops the tag; the old root is retired with the newest version. */
inline changeTag() {
  d_step {
    at = 1;
    do :: at <= TAG_NODES && tagOf[at] != FREE -> at++ :: else -> break od;
    n = tagRoot
  }
  if
  :: at <= TAG_NODES ->
     d_step { tagOf[at] = current; tagged[current] = 1 }
     tagRoot = at
  :: n != 0 -> tagRoot = 0
  :: else
  fi;
  d_step {
    if
    :: n != 0 && tagRoot != n ->
       limbo[n] = version[current];
       if
       :: tagRoot == 0 || tagOf[tagRoot] != tagOf[n] -> tagged[tagOf[n]] = 0
       :: else
       fi
    :: else
    fi;
    n = 0; at = 0
  }
}

/* Moves the low-water mark to `s`: first OLDEST, then the ring's slots, one store each. */
inline shrink() {
  if
  :: s > oldest ->
#ifdef NUMBERS
     at = oldest;
#endif
     oldest = s;
#ifdef NUMBERS
     do
     :: at < s -> d_step { ring[at % RING] = 0; at++ }
     :: else -> break
     od;
     at = 0
#endif
  :: else
  fi;
  s = 0
}

inline lookAtOp(line) {
  d_step {
    if
    :: op[line] != IDLE && LIMIT(op[line]) < limit -> limit = LIMIT(op[line])
    :: else
    fi
  }
}

inline lookAtPin(slot) {
  d_step {
    if
    :: pin[slot] != 0 ->
       assert(version[pin[slot]] <= LAST);    /* a pinned record is alive: its stamp is written */
       stamped[pin[slot]] = 1
    :: else
    fi
  }
}

#ifdef MUTANT_PIN_MOVED
#define LOOK_AT_PINS(line) lookAtPin(line * PINS); lookAtPin(line * PINS + 1)
#else
#define LOOK_AT_PINS(line) lookAtPin(line)
#endif

/* Each slot once, in the order that matters: a thread's operation slot before its pins. */
inline scan() {
  limit = NO_HINT;
#ifdef MUTANT_PINS_FIRST
  LOOK_AT_PINS(0);
  lookAtOp(0);
  LOOK_AT_PINS(1);
  lookAtOp(1)
#else
  lookAtOp(0);
  LOOK_AT_PINS(0);
  lookAtOp(1);
  LOOK_AT_PINS(1)
#endif
}

/* The record of version s, its predecessor and successor; `r` is 0 if it is not in the chain. */
inline locate() {
  n = current;
  do
  :: prev[n] != 0 && version[prev[n]] > s -> n = prev[n]
  :: else -> break
  od;
  r = prev[n];
  if
  :: r != 0 && version[r] != s -> r = 0
  :: else
  fi
}

inline freeNode() {
  assert(birth[i] <= LAST);                   /* no double free */
  birth[i] = FREE;
  deadOn[i] = 0
}

/* Unlinks r between p and n and merges the dead lists by birth. */
inline remove() {
  p = prev[r];
  prev[n] = p;
  for (i : 1 .. NODES) {
    if
    :: deadOn[i] == r && p == 0 -> freeNode()
    :: deadOn[i] == r && p != 0 -> deadOn[i] = n
#ifdef MUTANT_BIRTHS_IGNORED
    :: deadOn[i] == n -> freeNode()
#else
    :: deadOn[i] == n && (p == 0 || birth[i] > version[p]) -> freeNode()
#endif
    :: else
    fi
  }
  version[r] = FREE;
  prev[r] = 0; nodeA[r] = 0; nodeB[r] = 0; stamped[r] = 0; p = 0
}

/* Oldest first: records below the window, not stamped, not tagged, and older than every hint. */
inline reclaim() {
  d_step {
    s = 0;
    do
    :: s < oldest ->
       locate();
       if
       :: r != 0 && !stamped[r] && !tagged[r] && s + 1 < limit -> remove()
       :: else
       fi;
       s++
    :: else -> break
    od;
#ifdef TAGS
    for (i : 1 .. TAG_NODES) {
      if
      :: limbo[i] != FREE && limbo[i] + 1 <= limit -> tagOf[i] = FREE; limbo[i] = FREE
      :: else
      fi
    }
#endif
    for (i : 1 .. RECORDS) { stamped[i] = 0 }
    i = 0; limit = 0; s = 0; r = 0; n = 0
  }
}

/* Each node is read by the present version, or on the dead list of an existing record. */
inline check() {
  for (i : 1 .. NODES) {
    if
    :: birth[i] == FREE -> assert(deadOn[i] == 0)
    :: i == nodeA[current] || i == nodeB[current] -> assert(deadOn[i] == 0 && birth[i] <= LAST)
    :: else -> assert(deadOn[i] != 0 && version[deadOn[i]] != FREE)     /* no node is lost */
    fi
  }
  i = 0
}

/* CAS until it succeeds; how one waits is in lock.pml. */
#define ACQUIRE atomic { lock == 0 -> lock = 1 }
#define RELEASE d_step { check(); lock = 0 }

proctype Committer() {
end:
  do
  :: version[current] < LAST ->
     ACQUIRE;
     build();
     publish();
     s = (version[current] > oldest + RING - 2 -> version[current] - (RING - 2) : oldest);
     shrink();
     RELEASE
  od
}

proctype Reclaimer() {
end:
  do
  :: ACQUIRE;
     if
#ifdef TAGS
     :: changeTag()
#endif
     :: true ->                               /* prune, or the work of every so many commits */
#ifdef MUTANT_SCAN_FIRST
        scan();
#endif
        if
        :: s = oldest
        :: s = version[current]
        fi;
        shrink();
#ifndef MUTANT_SCAN_FIRST
        scan();
#endif
        reclaim()
     fi;
     RELEASE
  od
}

init {
  d_step {
    for (i : 2 .. RECORDS) { version[i] = FREE }
    for (i : 3 .. NODES) { birth[i] = FREE }
    for (i : 1 .. TAG_NODES) { tagOf[i] = FREE; limbo[i] = FREE }
    nodeA[1] = 1; nodeB[1] = 2;
    ring[0] = 1;
    i = 0
  }
  atomic {
    run Reader(0); run Reader(1);
    run Committer(); run Reclaimer()
  }
}
