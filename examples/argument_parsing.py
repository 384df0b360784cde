"""Command-line arguments from a docstring: ``python examples/argument_parsing.py -e 180``."""

from __future__ import annotations

from runbase.args import ParsedOptions, docopt_main


@docopt_main
def main(args: ParsedOptions) -> None:
    """
    Usage: argument_parsing.py [options] [--learning-rate R...]

    Options:
        -h --help                Show this text.
        --model M                Name of the model [default: resnet18]
        -e N, --epochs N         How many epochs to train [default: 90]
        -b N, --batch-size N     Images in a batch
        -l R, --learning-rate R  Learning rate, again for each stage [default: 0.1]
        --amp                    Train with automatic mixed precision
    """
    print(args)
    print(args.epochs)


# docopt_main has called main already. Code can call it too, and have the last word on arguments.
main({"amp": True, "epochs": 360})
