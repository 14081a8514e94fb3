"""Programs of our own for tasks of the real Q-HumanEval: engine, reader of tests and comparison together."""

import pytest

from prmkit.dataset import open_dataset
from prmkit_qlang.data.humaneval import SOURCE
from prmkit_qlang.humaneval import try_program

PROGRAMS = {
    3: "{any 0>sums x}",
    8: "{(sum x;prd x)}",
    9: "maxs",
    11: '{"01"x<>y}',
    13: "{$[y=0;x;.z.s[y;x mod y]]}",
    14: "{(1+til count x)#\\:x}",
    18: "{$[count[x]<count y;0;sum y~/:x(til 1+count[x]-count y)+\\:til count y]}",
    21: "{(x-m)%max[x]-m:min x}",
    23: "count",
    24: "{last d where 0=x mod d:1+til x div 2}",
    26: "{x where 1=(count each group x)x}",
    27: "{?[x=lower x;upper x;lower x]}",
    29: "{x where y~/:(count y)#/:x}",
    30: "{x where x>0}",
    34: "{asc distinct x}",
    35: "max",
    36: '{n:til x;sum "7"=raze string n where(0=n mod 11)|0=n mod 13}',
    41: "{x*x}",
    42: "1+",
    44: "{raze string y vs x}",
    47: "med",
    51: '{x where not lower[x]in"aeiou"}',
    53: "+",
    54: "{asc[distinct x]~asc distinct y}",
    55: "{first x{(last x;sum x)}/0 1}",
    60: "{sum 1+til x}",
    61: '{s:sums 1 -1"()"?x;(0=last s)&all s>=0}',
    62: "{1_x*til count x}",
    63: "{first x{(x 1;x 2;sum x)}/0 0 1}",
    67: '{y-sum"J"$" "vs x}',
    69: "{m:count each group x;max -1,key[m]where value[m]>=key m}",
    73: "{(sum x<>reverse x)div 2}",
    74: "{$[(sum count each x)<=sum count each y;x;y]}",
    80: "{$[3>count x;0b;all 3=count each distinct each x(til -2+count x)+\\:til 3]}",
    82: "{(1<n)&not 0 in n mod 2_til n:count x}",
    85: "{sum v where 0=(v:x where(til count x)mod 2)mod 2}",
    89: "{.Q.a(4+.Q.a?x)mod 26}",
    90: "{d:asc distinct x;$[1<count d;d 1;(::)]}",
    96: "{p where{all x mod 2_til x}each p:2_til x}",
    98: '{sum(x in"AEIOU")&0=(til count x)mod 2}',
    102: "{$[x>y;-1;0=y mod 2;y;x=y;-1;y-1]}",
    103: '{m:(x+y)div 2;m+:((x+y)mod 2)*m mod 2;$[x>y;-1;"0b",raze string 2 vs m]}',
    106: "{{$[x mod 2;sum 1+til x;prd 1+til x]}each 1+til x}",
    109: "{any asc[x]~/:{(1_x),1#x}\\[count x;x]}",
    114: "{min{y+0&x}\\[x]}",
    119: 'b:{s:sums 1 -1"()"?x;(0=last s)&all s>=0}\n{$[b[raze x]|b raze reverse x;"Yes";"No"]}',
    127: '{n:(x[1]&y 1)-x[0]|y 0;$[(1<n)&not 0 in n mod 2_til 0|n;"YES";"NO"]}',
    128: "{$[count x;(prd signum x)*sum abs x;(::)]}",
    133: "{sum c*c:ceiling x}",
    136: "{f:{$[count x;y x;0N]};(f[x where x<0;max];f[x where x>0;min])}",
    142: "{i:til count x;sum((x;x*x*x;x*x)(0=i mod 4)|2*0=i mod 3)@'i}",
    144: '{a:"J"$"/"vs x;b:"J"$"/"vs y;0=(a[0]*b 0)mod a[1]*b 1}',
    150: "{$[(1<x)&not 0 in x mod 2_til x;y;z]}",
    155: '{d:"J"$\'string abs x;(sum 0=d mod 2;sum d mod 2)}',
    162: "{$[count x;raze string md5 x;(::)]}",
    163: "{e:2 4 6 8;e where e within asc(x;y)}",
}
"""Number of the task → a function that solves it."""


@pytest.fixture(scope="module")
def tasks(data_root):
    return {sample.problem.cluster: sample.problem for sample in open_dataset(SOURCE)}


@pytest.mark.parametrize("number", PROGRAMS)
def test_a_right_program_passes(number, tasks):
    found = try_program(PROGRAMS[number], tasks[f"humaneval/{number}"])
    assert found.outcome == 1.0, found.first


def test_wrong_programs_fail_nearly_everywhere(tasks):
    kept = dict.fromkeys(("{0}", "{x}", "{::}", "{`a}"), 0)
    for program in kept:
        kept[program] = sum(try_program(program, task).outcome == 1.0 for task in tasks.values())
    assert kept == {"{0}": 0, "{x}": 0, "{::}": 0, "{`a}": 0}
