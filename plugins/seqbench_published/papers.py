"""Lists the papers and result files that targets come from, with their BibTeX."""

from __future__ import annotations

from dataclasses import dataclass

from seqbench import PublishedIn


@dataclass(frozen=True)
class Paper:
    """A paper, or a file of results that its authors keep: its name in tables, and its BibTeX."""

    name: str
    reference: str

    def at(self, place: str) -> PublishedIn:
        """Return a place in it, such as a row of a table."""
        return PublishedIn(paper=self.name, place=place, reference=self.reference)


ARJOVSKY = Paper(
    "Arjovsky et al. 2016",
    """
    @inproceedings{arjovsky2016,
      author = {Arjovsky, Martin and Shah, Amar and Bengio, Yoshua},
      title = {Unitary Evolution Recurrent Neural Networks},
      booktitle = {International Conference on Machine Learning},
      year = {2016}
    }
    """,
)
BAI = Paper(
    "Bai et al. 2018",
    """
    @article{bai2018,
      author = {Bai, Shaojie and Kolter, J. Zico and Koltun, Vladlen},
      title = {An Empirical Evaluation of Generic Convolutional and Recurrent Networks for Sequence Modeling},
      journal = {arXiv:1803.01271},
      year = {2018}
    }
    """,
)
DELETANG = Paper(
    "Deletang et al. 2023",
    """
    @inproceedings{deletang2023,
      author = {Del{\\'e}tang, Gr{\\'e}goire and Ruoss, Anian and Grau-Moya, Jordi and others},
      title = {Neural Networks and the {Chomsky} Hierarchy},
      booktitle = {International Conference on Learning Representations},
      year = {2023}
    }
    """,
)
ZENG = Paper(
    "Zeng et al. 2023",
    """
    @inproceedings{zeng2023,
      author = {Zeng, Ailing and Chen, Muxi and Zhang, Lei and Xu, Qiang},
      title = {Are Transformers Effective for Time Series Forecasting?},
      booktitle = {AAAI Conference on Artificial Intelligence},
      year = {2023}
    }
    """,
)
ETT = Paper(
    "Zhou et al. 2021",
    """
    @inproceedings{zhou2021,
      author = {Zhou, Haoyi and Zhang, Shanghang and Peng, Jieqi and others},
      title = {Informer: Beyond Efficient Transformer for Long Sequence Time-Series Forecasting},
      booktitle = {AAAI Conference on Artificial Intelligence},
      year = {2021}
    }
    """,
)
M4 = Paper(
    "Makridakis et al. 2020",
    """
    @article{makridakis2020,
      author = {Makridakis, Spyros and Spiliotis, Evangelos and Assimakopoulos, Vassilios},
      title = {The {M4} Competition: 100,000 Time Series and 61 Forecasting Methods},
      journal = {International Journal of Forecasting},
      volume = {36},
      number = {1},
      pages = {54--74},
      year = {2020}
    }
    """,
)
BAKE_OFF = Paper(
    "Middlehurst et al. 2024",
    """
    @article{middlehurst2024,
      author = {Middlehurst, Matthew and Sch{\\"a}fer, Patrick and Bagnall, Anthony},
      title = {Bake off redux: a review and experimental evaluation of recent time series classification
               algorithms},
      journal = {Data Mining and Knowledge Discovery},
      year = {2024}
    }
    """,
)
FAWAZ = Paper(
    "Ismail Fawaz et al. 2019",
    """
    @article{fawaz2019,
      author = {Ismail Fawaz, Hassan and Forestier, Germain and Weber, Jonathan and others},
      title = {Deep learning for time series classification: a review},
      journal = {Data Mining and Knowledge Discovery},
      volume = {33},
      number = {4},
      pages = {917--963},
      year = {2019}
    }
    """,
)
MERITY = Paper(
    "Merity et al. 2018",
    """
    @inproceedings{merity2018,
      author = {Merity, Stephen and Keskar, Nitish Shirish and Socher, Richard},
      title = {Regularizing and Optimizing {LSTM} Language Models},
      booktitle = {International Conference on Learning Representations},
      year = {2018}
    }
    """,
)
NANOGPT = Paper(
    "Karpathy 2022",
    """
    @software{karpathy2022,
      author = {Karpathy, Andrej},
      title = {nanoGPT},
      url = {https://github.com/karpathy/nanoGPT},
      year = {2022}
    }
    """,
)
