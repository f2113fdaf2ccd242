/*
 * The past on disk (docs/decisions/0035-past.md): sealing, the floor, merging, deep reads. A writer, a keeper and a
 * reader; each but the reader may die at any step of its work on files, and the process, or the system, may end.
 *
 * There are two keys. Each version puts the one: what version v put dies in v + 1, and is bit v of a set of intervals.
 * The other is put in version 0 and in DIES: one interval, too. A run is a set of intervals, and the version up to
 * which it tells. A deep read of v beside memory's version o is right if the runs that the reader has open have bit v,
 * and, where the other key's entry has died by o, that interval.
 *
 * The log is not synced with each commit: a crash leaves what is durable, or all there is. A crash is looked at in
 * each state, without being done: what a process that opens the directory would find there must be right.
 *
 * A step is one load, store or CAS of a shared word, or one call of the disk. Joined steps, and why they hide nothing:
 * - what only the holder of the role changes (the manifest, but for its sync) is read with the holder's next step.
 * - a reader opens all files of its list in one step: each of them is there until the first is deleted. Files are
 *   deleted in one step: a reader that finds one of them missing begins anew whichever it is.
 * - H_RUNS is a bit for each who looks at it, "it has changed since": they only ask if it is what they loaded.
 * - the writer's word for the lock goes with the step before or after: it is looked at by `end` alone.
 * - a flush is one step: what comes between its begin and its end it does not make durable.
 *
 * Checked: a read that is not refused is right; memory lets go only of what a durable manifest names; a crash leaves
 * all versions from the manifest's floor on, and a durable tag's; what is sealed is in the log; a writer whose memory
 * is full gets on, if the disk does not fail; after the keeper's work the directory has the manifest's files; no end
 * state in which a thread waits.
 *
 * Set from outside: LAST (versions are 0 ... LAST), ROOM (versions before the newest that memory has room for), MERGES,
 * TAGS (changes of the tag), DEATHS, FAILS (seals that fail), GAPS (gaps in the numbers), ENDS (the bounds are taken
 * away, and given again), NO_READER, MUTANT_...
 */
#ifndef LAST
#define LAST 2
#endif
#ifndef ROOM
#define ROOM 1
#endif
#ifndef MERGES
#define MERGES 1
#endif
#ifndef TAGS
#define TAGS 0
#endif
#ifndef DEATHS
#define DEATHS 0
#endif
#ifndef FAILS
#define FAILS 0
#endif
#ifndef GAPS
#define GAPS 0
#endif
#ifndef ENDS
#define ENDS 0
#endif

/* May the past begin anew? Then the words that this changes are loaded one by one. */
#define ANEW (GAPS + FAILS + ENDS)

#define WRITER 1
#define KEEPER 2
#define DEAD 3                  /* of the role: its holder is dead, and not yet buried */
#define NUMBERS 6               /* numbers of runs: bits of a byte; given again once nobody could know of them */
#define BIT(n) (1 << (n))
/* The intervals of the one key that versions from n on have. */
#define SINCE(n) (127 & ~(BIT(n) - 1))
/* That of the other: what versions before DIES have; a bit of its own if `when`. */
#define DIES 2
#define OTHER(when) ((when) -> 128 : 0)
/* What version v is read from, of runs up to `end`. */
#define NEEDED(v, end) (BIT(v) | OTHER((v) < DIES && (end) >= DIES))

/* Shared memory. A tag and a pin (T_DEEP) are a version + 1, or 0. */
byte newest, oldest, sealed, from, floor, role, tag;
byte lock;
bit isOn = 1, isBound = 1;
byte pin[2];                    /* of the reader, and of the writer, who pins what it is about to tag */
bit changedR = 1;               /* H_RUNS is not what the reader has loaded */
#ifdef MUTANT_STATE_IS_DONE
bit changedW;                   /* ... the writer */
#endif

/* What of the log is durable: versions, and the tag. */
byte durable, durableTag;

/* The directory: the manifest that counts and the one that a crash leaves for sure; names of runs, and those that are
 * durable; what runs have. */
typedef Manifest {
  bit past;
  byte from, to, floor, runs
}
Manifest now, sure;
byte there, sureThere, kept[NUMBERS], upTo[NUMBERS];
/* What the reader has from a manifest, and has open; what the keeper has from one, will delete, will merge. */
byte list, open, pRuns, drop, group;

/* Ghosts: versions that a gap has left out, the one behind it; the past has begun anew. */
byte missing, behindGap;
bit anew;
byte merges, tags, deaths, fails, gaps, ends;
hidden byte i, k, u;

#define MAYBE_DIE if :: true :: deaths < DEATHS -> deaths++; goto died fi
/* A step before which the thread may die. */
#define AT(step) atomic { MAYBE_DIE; step }
#define MAYBE_FAIL if :: true :: fails < FAILS -> fails++; goto failed fi

/* A number that no run has; of those that are gone nothing is left. */
inline reserve() {
  i = 0;
  number = NUMBERS;
  u = there | sureThere | now.runs | sure.runs | list | open | pRuns | drop | group;
  do
  :: i < NUMBERS ->
     if
     :: u & BIT(i)
     :: else ->
        kept[i] = 0;
        upTo[i] = 0;
        number = (number == NUMBERS -> i : number)
     fi;
     i++
  :: else -> break
  od;
  i = 0;
  u = 0;
  assert(number < NUMBERS)
}

/* What is in a set of runs. */
inline gather(set) {
  u = 0;
  i = 0;
  do
  :: i < NUMBERS ->
     if
     :: set & BIT(i) -> u = u | kept[i]
     :: else
     fi;
     i++
  :: else -> break
  od;
  i = 0
}

#define FLUSH d_step { durable = newest; durableTag = tag; crash() }
#ifdef MUTANT_STATE_IS_DONE
#define CHANGED changedR = 1; changedW = 1
#else
#define CHANGED changedR = 1
#endif
#define RAISE_FLOOR(v) floor = (floor > (v) -> floor : (v))

/* ── What is right ───────────────────────────────────────────────────────────────────────────── */

/* A process opens a directory with manifest m, its certain files, the log up to `last`, with tag t. */
inline reopen(m, last, t) {
  if
  :: m.past ->
     assert(m.to <= last || m.runs == 0);     /* no run tells of a version that will be another one */
     if
     :: m.to > last
     :: m.to <= last && behindGap != 0 && last >= behindGap && m.to < behindGap   /* the past begins anew */
     :: else ->
        assert((m.runs & ~(there & sureThere)) == 0);
        gather(m.runs);
        k = (m.from > m.floor -> m.from : m.floor);
        do
        :: k < m.to -> assert((NEEDED(k, m.to) & ~u) == 0); k++
        :: else -> break
        od;
        assert(t == 0 || anew || t - 1 >= m.from);
        assert(t == 0 || t - 1 < m.from || t - 1 >= m.to || (NEEDED(t - 1, m.to) & ~u) == 0)
     fi
  :: else -> assert(t == 0 || anew)
  fi
}

/* The system may crash here: after each step that changes what it would leave. */
inline crash() {
  reopen(sure, durable, durableTag);
  reopen(sure, newest, tag);
  reopen(now, durable, durableTag);
  reopen(now, newest, tag);
  k = 0;
  u = 0
}

/* Memory lets go of what is before `end`. */
inline letGo(end) {
  d_step {
    if
    :: isOn ->
       k = (from > floor -> from : floor);
       gather(sure.runs & there & sureThere);
       do
       :: k < end -> assert(sure.past && (NEEDED(k, end) & ~u) == 0); k++
       :: else -> break
       od
    :: else
    fi;
    oldest = end;
    k = 0;
    u = 0
  }
}

/* ── The role ────────────────────────────────────────────────────────────────────────────────── */

#ifdef MUTANT_ROLE_KEPT
#define VACANT (role == 0)
#else
#define VACANT (role == 0 || role == DEAD)
#endif
#ifdef MUTANT_NO_ROLE
#define AWAIT_ROLE skip
#define GIVE_ROLE skip
#else
/* Whoever waits for itself, or for the dead, waits for ever. */
#define AWAIT_ROLE \
  atomic { \
    (VACANT || role == me || role == DEAD); \
    assert(VACANT); \
    role = me \
  }
#define GIVE_ROLE role = 0
#endif
#ifdef MUTANT_ANEW_BESIDE
#define GIVE_BEFORE GIVE_ROLE
#define GIVE_AFTER skip
#else
#define GIVE_BEFORE skip
#define GIVE_AFTER GIVE_ROLE
#endif

/* Of a thread that writes a manifest: the new one. */
#define WRITE(f, t, fl, r) \
  d_step { now.past = 1; now.from = f; now.to = t; now.floor = fl; now.runs = r; crash() }
#define SYNC_MANIFEST \
  d_step { \
    sure.past = now.past; sure.from = now.from; sure.to = now.to; sure.floor = now.floor; sure.runs = now.runs; \
    sureThere = there; \
    crash() \
  }

/* ── Sealing ─────────────────────────────────────────────────────────────────────────────────── */

#ifdef MUTANT_ADVANCE_STORED
#define ADVANCE(old, to) sealed = to
#else
#define ADVANCE(old, to) d_step { if :: sealed == old -> sealed = to :: else fi }
#endif

#ifdef MUTANT_BEYOND_DURABLE
#define SEALABLE newest
#else
#define SEALABLE durable
#endif

/* Under the role; goes on at `sealedUp`, or, if a call fails, at `failed`. */
inline seal() {
#if ANEW
#ifndef MUTANT_BEYOND_DURABLE
  AT(FLUSH);
#endif
  AT(o = oldest);
  AT(old = sealed);
  atomic {
    if
    :: o > old -> goto sealedUp
    :: else -> o = 0
    fi
  }
  AT(begun = from);
#endif
  atomic {
    MAYBE_DIE;
#if !ANEW
#ifndef MUTANT_BEYOND_DURABLE
    FLUSH;
#endif
    old = sealed;
    begun = from;
#endif
    if
#ifndef MUTANT_ONCE_ONLY
    :: now.past && now.from == begun && now.to > old ->
       /* It was written, and then something failed. */
       to = now.to
#endif
    :: else ->
       /* As many versions as one run is made of; not past a gap. */
       if
       :: SEALABLE > old && !(missing & BIT(old + 1)) -> to = old + 1
       :: SEALABLE > old + 1 && !(missing & (BIT(old + 1) | BIT(old + 2))) -> to = old + 2
       :: SEALABLE <= old || (missing & BIT(old + 1)) -> goto sealedUp
       fi;
       /* A draft, and then its name, durable: nobody knows of it yet. */
       reserve();
       kept[number] = (SINCE(old) & ~SINCE(to)) | OTHER(old < DIES && to >= DIES);
       upTo[number] = to;
       there = there | BIT(number);
#ifndef MUTANT_MANIFEST_FIRST
       sureThere = there;
#endif
       isNew = 1
    fi
  }
  MAYBE_FAIL;
#ifdef MUTANT_LET_GO_EARLY
  AT(ADVANCE(old, to));
#endif
  if
  :: isNew ->
#if ANEW
     AT(begun = from);
#endif
     atomic {
       MAYBE_DIE;
       if
#ifdef MUTANT_FROM_IGNORED
       :: now.past && now.to == old ->
#else
       :: now.past && now.to == old && now.from == begun ->
#endif
          WRITE(now.from, to, (now.floor > floor -> now.floor : floor), now.runs | BIT(number))
       :: else -> WRITE(begun, to, (begun > floor -> begun : floor), BIT(number))
       fi;
       number = 0;
       isNew = 0;
       begun = 0
     }
     MAYBE_FAIL
  :: else
  fi;
#ifdef MUTANT_UNSYNCED
  AT(CHANGED);
  AT(ADVANCE(old, to));
  AT(SYNC_MANIFEST);
#else
  AT(SYNC_MANIFEST);
#ifdef MUTANT_CHANGE_LATE
  AT(ADVANCE(old, to));
  AT(CHANGED);
#else
#ifndef MUTANT_CHANGE_NEVER
  AT(CHANGED);
#endif
#ifndef MUTANT_LET_GO_EARLY
  AT(ADVANCE(old, to));
#endif
#endif
#endif
}

#define FORGET_SEAL o = 0; old = 0; begun = 0; to = 0; number = 0; isNew = 0

/* ── The writer ──────────────────────────────────────────────────────────────────────────────── */

proctype Writer() {
  byte me = WRITER, v, want, o, old, begun, to, number, seen;
  bit isNew;
  bit isRoom;                   /* for want of room in memory, not in the ring */

next:
end:
  atomic {
    lock = (lock == me -> 0 : lock);
    v = 0; want = 0; seen = 0; isRoom = 0;
    FORGET_SEAL;
    lock == 0;
    if
    :: newest < LAST -> lock = me; goto commit
    :: oldest < newest && isOn && sealed <= oldest -> lock = me; isRoom = 1; want = oldest + 1; goto urgent
    :: oldest < sealed -> lock = me; want = sealed; goto shrink
#if TAGS
    :: tags < TAGS && tag == 0 && newest > 0 -> tags++; lock = me; goto tagging
    :: tags < TAGS && tag != 0 -> tags++; d_step { tag = 0; crash() } goto next
#endif
#if GAPS
    :: gaps < GAPS && newest + 2 <= LAST -> gaps++; lock = me; goto gap
#endif
#if ENDS
    :: ends < ENDS && isBound -> ends++; isBound = 0; goto next
    :: !isBound -> isBound = 1; lock = me; goto rebound
#endif
    fi
  }

commit:
  atomic {
    newest++;
    if
    :: true
    :: floor < newest && isOn -> RAISE_FLOOR(floor + 1)
    fi;
    if
    :: want = oldest                          /* memory's bounds keep all there is, or the newest alone */
    :: want = newest
    fi
  }
shrink:
  atomic {
    if
    :: isOn && want < floor -> want = floor
    :: else
    fi;
    if
    :: want + ROOM < newest -> want = newest - ROOM
    :: else
    fi;
    if
    :: !isOn || want <= sealed -> v = want
    :: else -> v = sealed
    fi;
    if
    :: v < want && newest - v > ROOM -> goto urgent
    :: else
    fi;
let:
    if
    :: v > oldest -> letGo(v)
    :: else
    fi;
    goto next
  }

urgent:
  /* Memory, or the ring, has no room, and what could leave it is not on disk. */
  seen = sealed;
#ifdef MUTANT_STATE_IS_DONE
  changedW = 0;
#endif
  AWAIT_ROLE;
#ifdef MUTANT_STATE_IS_DONE
  if
  :: changedW -> goto sealedUp
  :: else
  fi;
#else
  if
  :: sealed != seen -> goto sealedUp
  :: else
  fi;
#endif
  seal();
sealedUp:
#ifdef MUTANT_CUT_OFF
  if
  :: true
  :: goto next                                /* a vm timeout, or the end of the stack: it keeps the role */
  fi;
#endif
failed:
  GIVE_BEFORE;
  atomic {
    v = (want < sealed -> want : sealed);
    if
    :: isRoom -> assert(v > oldest || fails > 0); goto given     /* or ZVERSE_FULL */
    :: !isRoom && newest - v <= ROOM -> goto given
#ifndef MUTANT_ONE_TRY
    :: !isRoom && newest - v > ROOM && sealed != seen -> GIVE_AFTER; goto urgent
#endif
    :: else -> assert(fails > 0)              /* only a disk that fails holds it up */
    fi
  }
  /* The past on disk ends here. Who seals meanwhile might end at v, and go on from there. */
#ifdef MUTANT_FLOOR_LOWERED
  atomic { v = newest - ROOM; anew = 1; floor = v }
#else
  atomic { v = newest - ROOM; anew = 1; RAISE_FLOOR(v) }
#endif
  from = v;
  sealed = v;
given:
  GIVE_AFTER;
  goto let;

#if GAPS
gap:
  atomic { missing = missing | BIT(newest + 1); newest = newest + 2; v = newest; behindGap = v; anew = 1 }
#ifdef MUTANT_OLDEST_FIRST
  oldest = v;
  floor = v;
  from = v;
  sealed = v;
#else
  floor = v;
  from = v;
  sealed = v;
  oldest = v;
#endif
  goto next;
#endif

#if TAGS
tagging:
  /* Pins a deep version, looks if it can be read, tags it. */
  select(v : 0 .. LAST);
  if
  :: v < oldest -> pin[1] = v + 1
  :: else -> goto next
  fi;
  if
  :: v >= floor && v >= from && isOn -> d_step { tag = v + 1; crash() }
  :: else
  fi;
  pin[1] = 0;
  goto next;
#endif

#if ENDS
rebound:
  if
  :: !isOn ->
     v = oldest;
#ifdef MUTANT_FLOOR_LOWERED
     floor = v;
#else
     RAISE_FLOOR(v);
#endif
     from = v;
     sealed = v;
     isOn = 1
  :: else
  fi;
  goto next;
#endif

died:
  atomic {
    if
    :: role == me -> role = DEAD
    :: else
    fi;
    lock = (lock == me -> 0 : lock);
    goto next
  }
}

/* ── The keeper ──────────────────────────────────────────────────────────────────────────────── */

proctype Keeper() {
  byte me = KEEPER, o, old, begun, to, number;
  bit isNew;
  byte pFrom, pFloor;                         /* the past as the manifest has it; and pRuns */
  byte need, t;
  bit isMade;

next:
end:
  atomic {
    FORGET_SEAL;
    pFrom = 0; pFloor = 0; pRuns = 0; need = 0; t = 0; drop = 0; group = 0; isMade = 0;
    if
    :: isOn && sealed < newest -> goto sealing
    :: isOn && floor < oldest -> goto raising
    :: isOn -> goto step
#if ENDS
    :: !isBound && lock == 0 && isOn -> lock = me; goto ending
#endif
    fi
  }

sealing:
#ifndef MUTANT_NO_ROLE
  atomic {
    if
    :: VACANT -> role = me
    :: else -> goto next
    fi
  }
#endif
  seal();
sealedUp:
failed:
  GIVE_ROLE;
  goto next;

raising:
  /* Bounds of time and bytes. */
  if
  :: RAISE_FLOOR(oldest)
  :: RAISE_FLOOR((floor < oldest -> floor + 1 : oldest))
  fi;
  goto next;

step:
  atomic {
    if
    :: now.past -> pFrom = now.from; pFloor = now.floor; pRuns = now.runs
#if ENDS
    :: else -> goto begin
#endif
    fi
  }
  /* What must stay readable. */
#ifdef MUTANT_FLOOR_LATE
  need = (pin[0] == 0 -> LAST : pin[0] - 1);
  d_step { need = (pin[1] == 0 || pin[1] - 1 >= need -> need : pin[1] - 1); o = floor }
  need = (need < o -> need : o);
  t = tag;
#else
#if TAGS && !defined(MUTANT_PINS_FIRST) && !defined(MUTANT_TAGS_FIRST)
  /* Under the writer's lock: a pin may come from a tag that is taken away, or become one. */
  atomic { lock == 0; lock = me }
#endif
  need = floor;
#ifdef MUTANT_TAGS_FIRST
  t = tag;
#endif
  need = (pin[0] == 0 || pin[0] - 1 >= need -> need : pin[0] - 1);
#if TAGS
  need = (pin[1] == 0 || pin[1] - 1 >= need -> need : pin[1] - 1);
#ifndef MUTANT_TAGS_FIRST
  t = tag;
#endif
#endif
#if TAGS && !defined(MUTANT_PINS_FIRST) && !defined(MUTANT_TAGS_FIRST)
  lock = 0;
#endif
#endif
#ifdef MUTANT_TAGS_IGNORED
  t = 0;
#endif
  /* Runs that nobody needs; and neighbours to make one of: all up to one, or all from one on. */
  d_step {
    i = 0;
    do
    :: i < NUMBERS ->
       if
       :: (pRuns & BIT(i)) && upTo[i] <= need && (t == 0 || !(kept[i] & NEEDED(t - 1, DIES))) -> drop = drop | BIT(i)
       :: else
       fi;
       i++
    :: else -> break
    od;
    i = 0
  }
  atomic {
    if
    :: true
    :: merges < MERGES && (pRuns & ~drop) != 0 ->
       merges++;
       select(to : 1 .. LAST);
       if
       :: old = 1
       :: old = LAST
       fi;
       d_step {
         i = 0;
         do
         :: i < NUMBERS ->
            if
            :: (pRuns & ~drop & BIT(i)) && (old == 1 -> upTo[i] <= to : upTo[i] >= to) -> group = group | BIT(i)
            :: else
            fi;
            i++
         :: else -> break
         od;
         i = 0;
         to = 0;
         old = 0
       }
    fi;
    if
    :: (drop | group) == 0 && floor > pFloor -> goto replace
    :: (drop | group) == 0 && floor <= pFloor -> goto tidy
    :: else
    fi;
#ifndef MUTANT_UNFLUSHED
    FLUSH;
#endif
    if
    :: group == 0 -> goto replace
    :: else
    fi
  }
  /* The merge: not under the role. */
  atomic {
    MAYBE_DIE;
    assert((group & ~there) == 0);
    reserve();
    gather(group);
    u = u & (SINCE(need) | OTHER(need < DIES) | (t == 0 -> 0 : NEEDED(t - 1, DIES)));
    kept[number] = u;
    i = 0;
    do
    :: i < NUMBERS ->
       if
       :: (group & BIT(i)) && upTo[i] > upTo[number] -> upTo[number] = upTo[i]
       :: else
       fi;
       i++
    :: else -> break
    od;
    i = 0;
    if
    :: u == 0 && upTo[number] <= need         /* nothing is left of them */
    :: else -> isMade = 1
    fi;
    u = 0;
    there = there | BIT(number);
    sureThere = there;
    need = 0;
    t = 0
  }
replace:
  AWAIT_ROLE;
  atomic {
    MAYBE_DIE;
    if
    :: now.past && now.from == pFrom ->
#ifdef MUTANT_REPLACE_BLIND
       now.runs = pRuns;
#endif
       now.runs = (now.runs & ~(drop | group)) | (isMade -> BIT(number) : 0);
#ifdef MUTANT_FLOOR_UNNAMED
       now.floor = pFloor;
#else
       now.floor = floor;
#endif
       d_step { crash() }
    :: else -> goto same                      /* the past has begun anew meanwhile */
    fi
  }
#ifdef MUTANT_DELETE_EARLY
  AT(d_step { there = there & now.runs; crash() });
#endif
  AT(SYNC_MANIFEST);
  AT(CHANGED);
  goto delete;
same:
#ifndef MUTANT_SAME_UNSYNCED
  /* Whoever wrote it may have died before it was durable. */
  AT(SYNC_MANIFEST);
#endif
delete:
  atomic {
    MAYBE_DIE;
    d_step { there = there & (now.past -> now.runs : 0); crash() }
    role = 0;
    goto next
  }

tidy:
  /* Nothing is to be done, but for what the dead have left. */
  atomic {
    if
    :: (there & ~(now.past -> now.runs : 0)) == 0 -> goto next
    :: else
    fi;
#ifdef MUTANT_ORPHANS
    assert(role != 0);                        /* only who is at work has files that the manifest does not name */
    goto next
#endif
  }
#ifndef MUTANT_ORPHANS
  AWAIT_ROLE;
  goto same;
#endif

#if ENDS
begin:
  /* The manifest is to say that there is a past on disk. */
  atomic { pFrom = from; to = sealed }
  o = floor;
  AWAIT_ROLE;
  atomic {
    MAYBE_DIE;
    if
    :: !now.past -> WRITE(pFrom, to, o, 0)
    :: else -> goto same
    fi
  }
  AT(SYNC_MANIFEST);
  AT(CHANGED);
  goto delete;

ending:
  /* Under the writer's lock, which nobody waits for: is anything asked for? */
#ifndef MUTANT_END_PINS_FIRST
  isOn = 0;
#endif
  t = (tag != 0 || isBound);
  t = t || pin[0] != 0;
  t = t || pin[1] != 0;
#ifdef MUTANT_END_PINS_FIRST
  if
  :: t == 0 -> isOn = 0
  :: else
  fi;
#else
  if
  :: t != 0 -> isOn = 1
  :: else
  fi;
#endif
#ifdef MUTANT_END_LATE
  lock = 0;
#endif
  if
  :: t != 0 -> lock = 0; goto next
  :: else
  fi;
#ifndef MUTANT_END_UNFLUSHED
  AT(FLUSH);
#endif
  AWAIT_ROLE;
  AT(d_step { now.past = 0; now.from = 0; now.to = 0; now.floor = 0; now.runs = 0; crash() });
  AT(SYNC_MANIFEST);
  AT(CHANGED);
  lock = (lock == me -> 0 : lock);
  goto delete;
#endif

died:
  atomic {
    if
    :: role == me -> role = DEAD
    :: else
    fi;
    lock = (lock == me -> 0 : lock);
    goto next
  }
}

/* ── The reader ──────────────────────────────────────────────────────────────────────────────── */

/* Version v can be read by its number, in the deep past, or by its tag. */
#define IS_DEEP (isOn && v >= floor && v < oldest || tag == v + 1)

proctype Reader() {
  byte v, o;
  bit byTag;

next:
end:
  atomic {
    pin[0] = 0;
    o = 0; byTag = 0;
    open = 0;                                 /* a list is kept for the reads of one pin */
    changedR = 1;
    if
    :: select(v : 0 .. LAST - 1); IS_DEEP
    :: tag != 0 -> byTag = 1; v = tag - 1
    fi
  }
  /* What is asked for once is not pinned. What an iterator or a transaction has is, and then looked for again. */
  if
  :: true
  :: true ->
#ifndef MUTANT_PIN_LATE
     pin[0] = v + 1;
#endif
     atomic {
       if
       :: byTag && tag == v + 1
       :: !byTag && IS_DEEP
       :: else -> goto next
       fi;
       byTag = 0
     }
#ifdef MUTANT_PIN_LATE
     pin[0] = v + 1
#endif
  fi;
#if ANEW
  atomic {
    if
    :: v < from -> goto next
    :: else
    fi
  }
#endif
again:
  /* Memory's oldest version, then the list of runs, if that has changed. */
#ifdef MUTANT_LIST_FIRST
  atomic {
    if
    :: !changedR -> goto listed
    :: else
    fi
  }
#else
  atomic {
    o = oldest;
    if
    :: !changedR -> goto listed
    :: else
    fi
  }
#endif
more:
#ifdef MUTANT_STATE_LATE
  list = (now.past -> now.runs : 0);
  changedR = 0;
#else
  changedR = 0;                               /* H_RUNS, before the manifest */
  list = (now.past -> now.runs : 0);
#endif
  atomic {
#ifndef MUTANT_NO_RETRY
    if
    :: list & ~(open | there) -> goto more
    :: else
    fi;
#endif
    open = list & (open | there);
    list = 0
  }
#ifdef MUTANT_LIST_FIRST
  o = oldest;
#endif
listed:
  /* What it has is right only if the version can still be read. */
  atomic {
    if
#ifndef MUTANT_ANEW_UNSEEN
    :: v < from -> goto next
#endif
#ifndef MUTANT_CHECKED_BEFORE
    :: pin[0] == 0 && !IS_DEEP -> goto next
#endif
    :: else ->
       d_step {
         gather(open);
         assert((NEEDED(v, o) & ~u) == 0 && v < o);
         u = 0;
         o = 0
       }
    fi;
    if
    :: pin[0] != 0 -> goto again
    :: goto next
    fi
  }
}

init {
  atomic {
    now.past = 1;
    sure.past = 1;
    run Writer();
    run Keeper();
#ifndef NO_READER
    run Reader()
#endif
  }
}
