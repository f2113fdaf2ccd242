/*
 * The log goes from one segment to the next (lib/storage/log-writer.ts, log-reader.ts). Owners one after another,
 * each of whose attempts may fail, or end in a death, at any step; and a syncer, who makes staged records readable.
 *
 * A record's check says what came before it: here it is the row of all that did, two bits for each. Parts are no
 * record until the last one follows: an attempt that fails in the middle leaves parts. A segment's head says from
 * which place, and behind which check, it goes on. What is written comes to the disk at any time, one thing after
 * another in any order, and with fdatasync all of a segment. After a crash of the system a reader finds what is on
 * the disk: at each place the segment that goes on from there, else the next record that follows.
 *
 * A step is one load or store of a shared word, one write, or one fdatasync, which counts when it begins: its
 * caller does nothing until it ends. What goes on from a failed attempt's segment is made blank in one step.
 *
 * Checked: at any step a reader would find all that can be read, and take no whole log for a damaged one.
 *
 * Set from outside: ATTEMPTS, SEGMENTS, ROOM (records of a segment), KINDS (2: records differ only in the number of
 * their parts; 3: there are two of each), MUTANT_...
 */
#ifndef ATTEMPTS
#define ATTEMPTS 3
#endif
#ifndef SEGMENTS
#define SEGMENTS 3
#endif
#ifndef ROOM
#define ROOM 2
#endif
#define PLACES (SEGMENTS * ROOM)
#define NONE 255
#define PART 1                  /* other kinds are the last, or the only, part of a record */
#ifndef KINDS
#define KINDS 2
#endif
#define LONGEST 6               /* records, and parts, in a log */

/* Shared memory. */
short tip;                      /* the check behind the newest staged record */
bit side;                       /* a part of its word: which slot has the end */
byte segment[2], offset[2];     /* the slots; the check is TIP's */
byte begun;
short current;

/* What is written, and what of it is on the disk. */
short rec[PLACES], headCheck[SEGMENTS];
byte headFrom[SEGMENTS];
short diskRec[PLACES], diskCheck[SEGMENTS];
byte diskFrom[SEGMENTS];

byte attempts;
hidden byte i, s, o, n;
hidden short c;
hidden byte found;

/* Reads the log as it is on the disk. */
inline crash() {
  s = 0; o = 0; c = 0; found = (current == 0);
  do
  :: s + 1 < SEGMENTS && diskFrom[s + 1] == o && diskCheck[s + 1] == c -> s++; o = 0
  :: else ->
     if
     :: o < ROOM && diskRec[s * ROOM + o] != 0 && (diskRec[s * ROOM + o] >> 2) == c ->
        c = diskRec[s * ROOM + o];
        o++;
        found = found || (c == current)
     :: else -> break
     fi
  od;
  assert(found);
  /* A segment that goes on from behind proves that there was more. */
  assert(s + 1 == SEGMENTS || diskFrom[s + 1] == NONE || diskFrom[s + 1] <= o);
  s = 0; o = 0; c = 0; found = 0
}

inline sync(number) {
  d_step {
    diskFrom[number] = headFrom[number];
    diskCheck[number] = headCheck[number];
    i = 0;
    do
    :: i < ROOM -> diskRec[number * ROOM + i] = rec[number * ROOM + i]; i++
    :: else -> break
    od;
    crash()
  }
}

/* What goes on from segment `number` is of an attempt that failed. */
inline blankBehind(number) {
  d_step {
    n = number + 1;
    do
    :: n < SEGMENTS ->
       headFrom[n] = NONE; headCheck[n] = 0; diskFrom[n] = NONE; diskCheck[n] = 0;
#ifdef MUTANT_UNLINKED
       i = 0;
       do
       :: i < ROOM -> rec[n * ROOM + i] = 0; diskRec[n * ROOM + i] = 0; i++
       :: else -> break
       od;
       i = 0;
       do
       :: i < 3 -> stale[i] = stale[i] || (open[i] == n); i++
       :: else -> break
       od;
#endif
       n++
    :: else -> break
    od;
    n = 0;
    crash()
  }
}

#ifdef MUTANT_UNLINKED
/* Each thread keeps the file that it used last: a new one of the same name is another. */
byte open[3];
bit stale[3];
inline use(who, number) {
  d_step {
    if
    :: open[who] != number -> open[who] = number; stale[who] = 0
    :: else
    fi
  }
}
#define IF_THERE(who, step) if :: stale[who] :: else -> step fi
#else
#define use(who, number)
#define IF_THERE(who, step) step
#endif

/* The page cache writes when it likes. */
proctype Cache() {
  byte p;
end:
  do
  :: atomic {
       select(p : 0 .. PLACES + SEGMENTS - 1);
       d_step {
         if
         :: p < PLACES -> diskRec[p] = rec[p]
         :: else ->
            diskFrom[p - PLACES] = headFrom[p - PLACES];
            diskCheck[p - PLACES] = headCheck[p - PLACES]
         fi;
         p = 0;
         crash()
       }
     }
  od
}

#define MAY_FAIL if :: true :: goto again fi
#define AT(step) atomic { MAY_FAIL; step }

proctype Owner() {
  byte seg, off, kind, items;
#ifdef MUTANT_UNLINKED
  bit me;
#endif
  short check;

again:
  atomic { seg = 0; off = 0; check = 0; kind = 0; items = 0 }
end:
  atomic {
    attempts < ATTEMPTS;
    attempts++;
#ifdef MUTANT_UNLINKED
    select(me : 0 .. 1);
#endif
    seg = segment[side]; off = offset[side]; check = tip;
#ifndef MUTANT_BEGUN_STALE
    /* A death between the store of TIP and that of BEGUN leaves it: it is from before this end. */
    if
    :: begun <= seg -> begun = 0
    :: else
    fi;
#endif
    c = check;
    do
    :: c != 0 -> c = c >> 2; items++
    :: else -> break
    od
  };
more:
  atomic {
    if
    :: items == LONGEST -> goto again
    :: else -> items++
    fi;
    select(kind : PART .. KINDS)
  }
  if
#ifdef MUTANT_BEGUN_IGNORED
  :: off < ROOM -> goto append
#else
  :: off < ROOM && begun <= seg -> goto append
#endif
  :: true                                   /* no room, or begun already */
  fi;
  if
  :: seg + 1 == SEGMENTS -> goto again
  :: else
  fi;
#ifndef MUTANT_KEEP_BEHIND
  if
  :: begun == seg + 1 -> AT(blankBehind(seg + 1))
  :: else
  fi;
#endif
#ifndef MUTANT_UNSYNCED
  use(me, seg);
  AT(IF_THERE(me, sync(seg)));
#endif
#ifndef MUTANT_BEGUN_LATE
  if
  :: begun == 0 -> AT(begun = seg + 1)
  :: else
  fi;
#endif
  use(me, seg + 1);
  atomic { MAY_FAIL; d_step { headFrom[seg + 1] = off; headCheck[seg + 1] = check } }
#ifdef MUTANT_BEGUN_LATE
  if
  :: begun == 0 -> AT(begun = seg + 1)
  :: else
  fi;
#endif
  d_step { seg++; off = 0 }
append:
  use(me, seg);
  atomic {
    MAY_FAIL;
    d_step { check = (check << 2) + kind; IF_THERE(me, rec[seg * ROOM + off] = check); off++ }
  }
  if
  :: kind == PART -> goto more
  :: else
  fi;
  atomic { MAY_FAIL; segment[1 - side] = seg; offset[1 - side] = off }
#ifdef MUTANT_BEGUN_CLEARED
  AT(begun = 0);
#endif
  atomic { MAY_FAIL; d_step { tip = check; side = 1 - side } }
  AT(begun = 0);
  goto again
}

proctype Syncer() {
  short seen;
  byte seg;
  bit which;
end:
  do
#ifdef MUTANT_SEGMENT_FIRST
  :: atomic { tip != current -> seg = segment[side] }
     seen = tip;
#else
  :: atomic { tip != current -> seen = tip; which = side }
     seg = segment[which];
#endif
     use(2, seg);
     IF_THERE(2, sync(seg));
     d_step { current = seen; crash(); seen = 0; seg = 0; which = 0 }
  od
}

init {
  atomic {
    i = 1;
    do
    :: i < SEGMENTS -> headFrom[i] = NONE; diskFrom[i] = NONE; i++
    :: else -> break
    od;
    i = 0;
    run Cache(); run Owner(); run Syncer()
  }
}
