"""Arithmetic over the tables' values, written as text: "article_loss_krw / article_loss_usd"."""

import ast
import math
import numbers
import operator
from collections.abc import Mapping

import pandas as pd

_OPERATORS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
              ast.Pow: operator.pow, ast.Gt: operator.gt, ast.Lt: operator.lt, ast.NotEq: operator.ne}  # fmt: skip
_FUNCTIONS = {"median": pd.Series.median, "mean": pd.Series.mean, "sum": pd.Series.sum, "count": pd.Series.count}


def evaluate(expression: str, names: Mapping) -> float:
    """The value of an arithmetic expression over names: + − × ÷ powers, and median, mean, sum, count of a column.

    Raises:
        ValueError: a name that is not there, anything that is not arithmetic, or what gives no finite number; the
            message has the expression.
    """

    def value(node: ast.AST):
        match node:
            case ast.Expression(body=body):
                return value(body)
            case ast.Constant(value=int() | float() as number):
                return number
            case ast.Name(id=name) if name in names:
                return names[name]
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
                return _OPERATORS[type(op)](value(left), value(right))
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _OPERATORS:
                return _OPERATORS[type(op)](value(left), value(right))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -value(operand)
            case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in _FUNCTIONS:
                return _FUNCTIONS[name](value(argument))
        raise ValueError(f"{ast.unparse(node)!r} in {expression!r} is no number, no fact and no arithmetic over them.")

    try:
        tree = ast.parse(expression.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ValueError(f"{expression!r} is not arithmetic.") from None
    try:
        number = value(tree)
    except (ArithmeticError, AttributeError, TypeError, RecursionError) as error:  # 1 / 0, or the median of a number
        raise ValueError(f"{expression!r} cannot be worked out: {error}.") from None
    if not isinstance(number, numbers.Real) or not math.isfinite(number):
        raise ValueError(f"{expression!r} gives {type(number).__name__} and no finite number.")
    return number
